#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "output/shown.h"
#include "page/document.h"

namespace lastcommit {
namespace {

// Colours have a contrast of at least 4.5 to 1 to what is behind them (WCAG AA;
// a test computes it). The light ones come first, then the dark ones.
constexpr char kStyle[] = R"(
:root{color-scheme:light dark;
--back:#ffffff;--text:#1b1f24;--muted:#57606a;--line:#d0d7de;--card:#f6f8fa;
--accent:#0550ae;--heat:#a8cbfa;
--good:#116329;--good-back:#dafbe1;--bad:#a40e26;--bad-back:#ffebe9;
--open:#7a4d00;--open-back:#fff8c5}
@media(prefers-color-scheme:dark){:root{
--back:#0d1117;--text:#e6edf3;--muted:#9da7b3;--line:#30363d;--card:#161b22;
--accent:#79c0ff;--heat:#1f4b7a;
--good:#56d364;--good-back:#12261e;--bad:#ff7b72;--bad-back:#2d1618;
--open:#e3b341;--open-back:#272115}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1rem;background:var(--back);
color:var(--text);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{margin:0 0 1rem;padding:.6rem 1rem;border-left:.5rem solid;font-size:1.7rem}
h1.good{color:var(--good);background:var(--good-back)}
h1.bad{color:var(--bad);background:var(--bad-back)}
h1.open{color:var(--open);background:var(--open-back)}
h2{margin:2rem 0 .6rem;border-bottom:1px solid var(--line);font-size:1.3rem}
h3{margin:1.4rem 0 .5rem;font-size:1.05rem}
p{margin:.5rem 0}
a{color:var(--accent)}
nav ul{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;margin:0;padding:0;
list-style:none}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
code,pre{font:.86em/1.45 ui-monospace,monospace}
pre{margin:0;padding:.7rem .9rem;white-space:pre}
.scroll{margin:.6rem 0;overflow-x:auto;max-width:100%;
border:1px solid var(--line);border-radius:6px}
.code{background:var(--card)}
table{border-collapse:collapse;min-width:100%;font-size:.9rem;
font-variant-numeric:tabular-nums;overflow-wrap:break-word}
th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);
text-align:right;white-space:nowrap}
.words :is(th,td){text-align:left;white-space:normal}
th{background:var(--card);font-weight:600}
th:first-child,td:first-child,th[scope=row]{text-align:left}
th[scope=row]{font-weight:400;background:none}
tr:last-child>*{border-bottom:0}
td.heat{background:color-mix(in srgb,var(--heat) calc(var(--h)*1%),
var(--back))}
td.zero{color:var(--muted)}
td.good{color:var(--good);background:var(--good-back)}
td.bad{color:var(--bad);background:var(--bad-back);font-weight:600}
caption{padding:.4rem .6rem;text-align:left;color:var(--muted)}
.steps .late td{color:var(--muted);font-style:italic}
.steps .mark td{color:var(--muted)}
.steps .good{padding:0 .4rem;border-radius:3px;color:var(--good);
background:var(--good-back)}
.steps .crash :is(th,td){border-top:3px solid var(--bad);
background:var(--bad-back);color:var(--bad);font-weight:600}
.bars ol{display:flex;flex-wrap:wrap;gap:2px;margin:.1rem 0 .6rem;padding:0;
list-style:none}
.bars li{position:relative;min-width:1.6rem;padding:0 .3rem;text-align:center;
border:1px solid var(--line);border-radius:3px;font-size:.8rem;
background:var(--card)}
.bars .good{color:var(--good);background:var(--good-back)}
.bars .half{color:var(--open);background:var(--open-back);
text-decoration:underline dotted}
.bars .bad{color:var(--bad);background:var(--bad-back);
text-decoration:line-through}
.bars .file{margin:.3rem 0 0;font-size:.9rem}
.bars li:is(:hover,:focus)::after{content:attr(aria-label);position:absolute;
z-index:1;left:0;top:100%;width:max-content;max-width:min(16rem,70vw);
padding:.2rem .4rem;border:1px solid var(--line);background:var(--back);
color:var(--text);text-align:left}
figure{margin:.8rem 0}
figcaption{color:var(--muted);font-size:.9rem}
svg{display:block;width:100%;max-width:48rem;height:auto;
font:12px system-ui,sans-serif}
svg text{fill:var(--text)}
svg .axis{stroke:var(--muted);fill:none}
svg .grid{stroke:var(--line)}
svg .curve{stroke:var(--accent);stroke-width:2;fill:none}
svg .dot{fill:var(--accent)}
svg .plain{stroke:var(--muted)}svg .good{stroke:var(--good)}
svg .bad{stroke:var(--bad);stroke-width:2}
@media print{.scroll{overflow:visible}pre{white-space:pre-wrap}}
)";

std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(Shown(text), {{"&", "&amp;"},
                                           {"<", "&lt;"},
                                           {">", "&gt;"},
                                           {"\"", "&quot;"},
                                           {"'", "&#39;"}});
}

std::string EscapedLines(const std::string& text) {
  std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (std::string& line : lines) line = Escaped(line);
  return absl::StrJoin(lines, "\n");
}

// What is wider than the page scrolls, also by the keyboard.
std::string Scrolling(const std::string& kind, const std::string& label,
                      const std::string& inner) {
  return absl::StrCat("<div class=\"scroll ", kind,
                      "\" role=\"region\" tabindex=\"0\" aria-label=\"",
                      Escaped(label), "\">", inner, "</div>\n");
}

// "27" and "27 of 30" are counts.
double CountOf(const std::string& cell) {
  double count = 0;
  const std::string first = cell.substr(0, cell.find(' '));
  return absl::SimpleAtod(first, &count) ? count : 0;
}

std::string CellOfVerdict(const std::string& text) {
  const auto says = [&text](std::string_view word) {
    return text.find(word) != std::string::npos;
  };
  const char* const tone = says("violated") ? "bad"
                           : says("held")   ? "good"
                                            : "zero";
  return absl::StrCat("<td class=\"", tone, "\">", Escaped(text), "</td>");
}

std::string CellOf(const std::string& text, PageTable::Kind kind, double most) {
  if (kind == PageTable::Kind::kVerdicts) return CellOfVerdict(text);
  if (kind != PageTable::Kind::kCounts) {
    return absl::StrCat("<td>", Escaped(text), "</td>");
  }
  const double count = CountOf(text);
  if (count <= 0) {
    return absl::StrCat("<td class=\"zero\">", Escaped(text), "</td>");
  }
  // By its logarithm: a cell that was seen once is seen.
  const double shade =
      most <= 1 ? 100 : 15 + 85 * std::log(count) / std::log(most);
  return absl::StrCat(
      "<td class=\"heat\" style=\"--h:", static_cast<int>(std::lround(shade)),
      "\">", Escaped(text), "</td>");
}

// Percent-encoded (RFC 3986), and never with a scheme.
std::string Href(const std::string& path) {
  std::string href = "./";
  for (const char c : path) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
        std::string_view("-._~/").find(c) != std::string_view::npos) {
      href += c;
    } else {
      absl::StrAppendFormat(&href, "%%%02X", static_cast<unsigned char>(c));
    }
  }
  return href;
}

// The name of a row.
std::string NameOf(const PageTable& table, std::size_t row) {
  std::string name = Escaped(table.rows[row].front());
  if (row >= table.links.size() || table.links[row].empty()) return name;
  return absl::StrCat("<a href=\"", Href(table.links[row]), "\">", name,
                      "</a>");
}

std::string TableOf(const PageTable& table, const std::string& label) {
  double most = 0;
  for (const auto& row : table.rows) {
    for (std::size_t i = 1; i < row.size(); ++i) {
      most = std::max(most, CountOf(row[i]));
    }
  }
  std::string html = "<table>";
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    if (r == 0 && absl::StrJoin(row, "").empty()) {
      html += "<tbody>";
      continue;
    }
    html += r == 0 ? "<thead><tr>" : "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (r == 0) {
        absl::StrAppend(&html, "<th scope=\"col\">", Escaped(row[i]), "</th>");
      } else if (i == 0) {
        absl::StrAppend(&html, "<th scope=\"row\">", NameOf(table, r), "</th>");
      } else {
        html += CellOf(row[i], table.kind, most);
      }
    }
    html += r == 0 ? "</tr></thead>\n<tbody>" : "</tr>\n";
  }
  return Scrolling(table.kind == PageTable::Kind::kWords ? "words" : "numbers",
                   label, html + "</tbody></table>");
}

// 1, 2 or 5 times a power of ten, such that some five make up `range`.
double TickOf(double range) {
  if (range <= 0) return 1;
  const double power = std::pow(10, std::floor(std::log10(range / 5)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power * 5 >= range) return factor * power;
  }
  return 10 * power;
}

constexpr double kWidth = 640;
constexpr double kHeight = 220;
constexpr double kLeft = 64;
constexpr double kRight = 12;
constexpr double kTop = 10;
constexpr double kBottom = 44;

std::string SvgText(double x, double y, const std::string& anchor,
                    const std::string& text) {
  return absl::StrFormat(
      "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s"
      "</text>",
      x, y, anchor, Escaped(text));
}

// Where numbers of an axis from 0 to `most` are.
class Axis {
 public:
  Axis(double most, double from, double to)
      : tick_(TickOf(most)),
        end_(tick_ * std::max(1.0, std::ceil(most / tick_))),
        from_(from),
        to_(to) {}

  double At(double value) const { return from_ + (to_ - from_) * value / end_; }
  double tick() const { return tick_; }
  int ticks() const { return static_cast<int>(std::lround(end_ / tick_)); }

 private:
  double tick_;
  double end_;
  double from_;
  double to_;
};

std::string Number(double value) { return absl::StrFormat("%g", value); }

std::string PlotOf(const Plot& plot) {
  const double most_x =
      plot.xs.empty() ? 1 : *std::max_element(plot.xs.begin(), plot.xs.end());
  const double most_y =
      plot.ys.empty() ? 1 : *std::max_element(plot.ys.begin(), plot.ys.end());
  const Axis x(most_x, kLeft, kWidth - kRight);
  const Axis y(most_y, kHeight - kBottom, kTop);
  std::string svg = absl::StrFormat(
      "<svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">", kWidth,
      kHeight,
      Escaped(absl::StrCat(plot.title, ": ", plot.y, " over ", plot.x)));
  for (int i = 0; i <= y.ticks(); ++i) {
    const double at = y.At(i * y.tick());
    absl::StrAppendFormat(
        &svg, "<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/>%s", kLeft, at,
        kWidth - kRight,
        SvgText(kLeft - 6, at + 4, "end", Number(i * y.tick())));
  }
  for (int i = 0; i <= x.ticks(); ++i) {
    const double at = x.At(i * x.tick());
    svg += SvgText(at, kHeight - kBottom + 16, "middle", Number(i * x.tick()));
  }
  std::string points;
  for (std::size_t i = 0; i < plot.xs.size(); ++i) {
    const double at_x = x.At(plot.xs[i]);
    const double at_y = y.At(plot.ys[i]);
    absl::StrAppendFormat(&points, "%s%.1f,%.1f", i == 0 ? "" : " ", at_x,
                          at_y);
    absl::StrAppendFormat(&svg,
                          "<circle class=\"dot\" r=\"2.5\" cx=\"%.1f\" "
                          "cy=\"%.1f\"/>",
                          at_x, at_y);
  }
  absl::StrAppendFormat(
      &svg,
      "<polyline class=\"curve\" points=\"%s\"/><path class=\"axis\" "
      "d=\"M%.1f %.1fV%.1fH%.1f\"/>%s%s</svg>",
      points, kLeft, kTop, kHeight - kBottom, kWidth - kRight,
      SvgText((kLeft + kWidth) / 2, kHeight - 8, "middle", plot.x),
      absl::StrFormat("<text transform=\"translate(14 %.1f) rotate(-90)\" "
                      "text-anchor=\"middle\">%s</text>",
                      (kTop + kHeight - kBottom) / 2, Escaped(plot.y)));
  return absl::StrCat("<figure>", svg, "<figcaption>", Escaped(plot.title),
                      "</figcaption></figure>\n");
}

std::string LabelOf(const Strip::Lane& lane) {
  return absl::StrCat(lane.name, " (", lane.marks.size(), ")");
}

// Where lanes begin, beside the longest of their names.
double LeftOf(const Strip& strip) {
  constexpr double kCharacter = 6.5;
  std::size_t longest = 0;
  for (const Strip::Lane& lane : strip.lanes) {
    longest = std::max(longest, LabelOf(lane).size());
  }
  return std::clamp(kCharacter * static_cast<double>(longest), 150.0, 300.0);
}

// Marks of one place are one.
std::string LaneOf(const Strip::Lane& lane, double end, double left,
                   double top) {
  constexpr char const* kTones[] = {"plain", "good", "bad"};
  std::set<std::int64_t> places;  // in tenths
  for (const double mark : lane.marks) {
    const double part = end <= 0 ? 0 : std::clamp(mark / end, 0.0, 1.0);
    places.insert(std::llround(10 * (left + part * (kWidth - kRight - left))));
  }
  std::string path;
  for (const std::int64_t place : places) {
    absl::StrAppendFormat(&path, "M%.1f %.1fv16",
                          static_cast<double>(place) / 10, top + 4);
  }
  return absl::StrFormat(
      "%s<path class=\"grid\" d=\"M%.1f %.1fH%.1f\"/><path class=\"%s\" "
      "d=\"%s\"/>",
      SvgText(0, top + 16, "start", LabelOf(lane)), left, top + 12,
      kWidth - kRight, kTones[static_cast<std::size_t>(lane.tone)], path);
}

std::string StripOf(const Strip& strip) {
  constexpr double kLane = 26;
  const double left = LeftOf(strip);
  double top = 4;
  std::string lanes;
  for (const Strip::Lane& lane : strip.lanes) {
    lanes += LaneOf(lane, strip.end, left, top);
    top += kLane;
  }
  lanes += SvgText(left, top + 14, "start", "0");
  lanes += SvgText((left + kWidth) / 2, top + 14, "middle", strip.x);
  lanes += SvgText(kWidth - kRight, top + 14, "end", Number(strip.end));
  return absl::StrFormat(
      "<figure><svg viewBox=\"0 0 %g %g\" role=\"img\" aria-label=\"%s\">%s"
      "</svg><figcaption>%s</figcaption></figure>\n",
      kWidth, top + 22, Escaped(strip.title), lanes, Escaped(strip.title));
}

std::string RowOf(const StepChart::Row& row, std::size_t columns) {
  if (row.kind == StepChart::Kind::kMark ||
      row.kind == StepChart::Kind::kCrash) {
    return absl::StrCat("<tr class=\"",
                        row.kind == StepChart::Kind::kCrash ? "crash" : "mark",
                        "\"><th scope=\"row\"></th><td colspan=\"", columns,
                        "\">", Escaped(row.text), "</td></tr>\n");
  }
  std::string cells;
  for (std::size_t i = 0; i < columns; ++i) {
    const bool is_here = i == row.column;
    absl::StrAppend(&cells, "<td>", is_here ? Escaped(row.text) : "",
                    is_here && !row.good.empty()
                        ? absl::StrCat(" <span class=\"good\">",
                                       Escaped(row.good), "</span>")
                        : "",
                    "</td>");
  }
  return absl::StrCat(
      "<tr", row.kind == StepChart::Kind::kNotReached ? " class=\"late\"" : "",
      "><th scope=\"row\">", Escaped(row.number), "</th>", cells, "</tr>\n");
}

std::string StepChartOf(const StepChart& chart) {
  std::string head;
  for (const std::string& column : chart.columns) {
    absl::StrAppend(&head, "<th scope=\"col\">", Escaped(column), "</th>");
  }
  std::string rows;
  for (const StepChart::Row& row : chart.rows) {
    rows += RowOf(row, chart.columns.size());
  }
  return Scrolling(
      "words steps", "steps: " + chart.title,
      absl::StrCat("<table><caption>", Escaped(chart.title),
                   "</caption><thead><tr><th scope=\"col\">step</th>", head,
                   "</tr></thead>\n<tbody>", rows, "</tbody></table>"));
}

constexpr char const* kTones[] = {"plain", "good", "half", "bad"};

std::string UnitOf(const FileBars::Unit& unit) {
  return absl::StrCat("<li class=\"",
                      kTones[static_cast<std::size_t>(unit.tone)],
                      "\" tabindex=\"0\" aria-label=\"", Escaped(unit.text),
                      "\">", Escaped(unit.label), "</li>");
}

std::string BarsOf(const FileBars& bars) {
  std::string html = absl::StrCat("<figure class=\"bars\"><figcaption>",
                                  Escaped(bars.title), "</figcaption>\n");
  for (const FileBars::File& file : bars.files) {
    absl::StrAppend(&html, "<p class=\"file\"><code>", Escaped(file.name),
                    "</code></p><ol>");
    for (const FileBars::Unit& unit : file.units) html += UnitOf(unit);
    html += "</ol>\n";
  }
  html += "<p class=\"file\">colours</p><ol>";
  for (std::size_t i = 0; i < bars.legend.size() && i < 4; ++i) {
    absl::StrAppend(&html, "<li class=\"", kTones[i], "\">",
                    Escaped(bars.legend[i]), "</li>");
  }
  return html + "</ol></figure>\n";
}

class WriteHtml {
 public:
  std::string operator()(const Heading& heading) {
    heading_ = heading.text;
    const std::string tag = absl::StrCat("h", heading.level);
    const std::string id =
        heading.level == 2 ? absl::StrCat(" id=\"part-", ++parts_, "\"") : "";
    return absl::StrCat("<", tag, id, ">", Escaped(heading.text), "</", tag,
                        ">\n");
  }
  std::string operator()(const Paragraph& paragraph) const {
    std::string html = "<p>";
    for (const Span& span : paragraph.spans) {
      html += span.is_code
                  ? absl::StrCat("<code>", Escaped(span.text), "</code>")
                  : Escaped(span.text);
    }
    return html + "</p>\n";
  }
  std::string operator()(const Code& code) const {
    return Scrolling("code", "lines: " + heading_,
                     absl::StrCat("<pre>", EscapedLines(code.text), "</pre>"));
  }
  std::string operator()(const PageTable& table) const {
    return TableOf(table, "table: " + heading_);
  }
  std::string operator()(const Plot& plot) const { return PlotOf(plot); }
  std::string operator()(const Strip& strip) const { return StripOf(strip); }
  std::string operator()(const StepChart& chart) const {
    return StepChartOf(chart);
  }
  std::string operator()(const FileBars& bars) const { return BarsOf(bars); }

 private:
  std::string heading_;
  int parts_ = 0;
};

std::string ContentsOf(const Document& document) {
  std::string items;
  int parts = 0;
  for (const Block& block : document.blocks) {
    const auto* const heading = std::get_if<Heading>(&block);
    if (heading == nullptr || heading->level != 2) continue;
    absl::StrAppend(&items, "<li><a href=\"#part-", ++parts, "\">",
                    Escaped(heading->text), "</a></li>\n");
  }
  return absl::StrCat("<nav aria-label=\"contents\"><ul>\n", items,
                      "</ul></nav>\n");
}

}  // namespace

std::string HtmlOf(const Document& document) {
  constexpr char const* kTones[] = {"good", "bad", "open"};
  std::string html = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src 'unsafe-inline'\">\n<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">\n<title>",
      Escaped(document.title), "</title>\n<style>", kStyle,
      "</style></head>\n<body>\n<header><h1 class=\"",
      kTones[static_cast<std::size_t>(document.tone)], "\">",
      Escaped(document.verdict), "</h1></header>\n<main>\n");
  // The first screen says what happened; then the way to the rest.
  WriteHtml write;
  bool has_contents = false;
  for (const Block& block : document.blocks) {
    const auto* const heading = std::get_if<Heading>(&block);
    if (!has_contents && heading != nullptr && heading->level == 2) {
      html += ContentsOf(document);
      has_contents = true;
    }
    html += std::visit(write, block);
  }
  return html + "</main>\n</body></html>\n";
}

}  // namespace lastcommit
