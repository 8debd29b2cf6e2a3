#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "page/document.h"

namespace lastcommit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kHostile[] =
    "<script>alert(1)</script> \" ' & \x1b[31m \xe2\x80\xae";

Document Of(const Block& block) {
  return {.title = "a", .verdict = "HELD", .blocks = {block}};
}

Paragraph Said(const std::string& text) { return {{{text}}}; }

// Each kind of block with text of somebody who means ill.
std::vector<Block> HostileBlocks() {
  Strip strip = {.title = kHostile, .x = kHostile};
  strip.lanes = {{.name = kHostile, .marks = {0.5}}};
  return {Heading{2, kHostile},
          Said(kHostile),
          Paragraph{{{kHostile, /*is_code=*/true}}},
          Code{kHostile},
          PageTable{{{kHostile, kHostile}, {kHostile, kHostile}}},
          Plot{kHostile, kHostile, kHostile, {1, 2}, {1, 2}},
          strip,
          StepChart{kHostile,
                    {kHostile},
                    {{.text = kHostile},
                     {.kind = StepChart::Kind::kCrash, .text = kHostile}}},
          FileBars{kHostile,
                   {kHostile},
                   {{kHostile, {{FileBars::Tone::kBad, kHostile, kHostile}}}}}};
}

TEST(HtmlTest, TextIsNeverMarkup) {
  const Document document = {
      .title = kHostile, .verdict = kHostile, .blocks = HostileBlocks()};
  const std::string html = HtmlOf(document);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("\x1b")));
  EXPECT_THAT(html, Not(HasSubstr("\xe2\x80\xae")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt; &quot; "
                              "&#39; &amp; "));
  for (const Block& block : HostileBlocks()) {
    EXPECT_THAT(HtmlOf(Of(block)), HasSubstr("&lt;script&gt;"));
  }
}

TEST(HtmlTest, ACellOfVerdictsHasItsColour) {
  const std::string html = HtmlOf(Of(PageTable{
      {{"call", "a", "b", "c"}, {"write", "1 of 9 violated", "9 held", "-"}},
      PageTable::Kind::kVerdicts}));
  EXPECT_THAT(html, HasSubstr("<td class=\"bad\">1 of 9 violated</td>"
                              "<td class=\"good\">9 held</td>"
                              "<td class=\"zero\">-</td>"));
}

TEST(HtmlTest, AStepSaysWhatItHasReached) {
  EXPECT_THAT(
      HtmlOf(Of(
          StepChart{"Round 1",
                    {"client 0"},
                    {{.number = "1", .text = "commit", .good = "<1> is in"}}})),
      HasSubstr("<td>commit <span class=\"good\">&lt;1&gt; is in</span></td>"));
}

TEST(HtmlTest, AStepChartHasAColumnForEachAndRowsOverAll) {
  const std::string html = HtmlOf(
      Of(StepChart{"Round 1",
                   {"client 0", "client 1"},
                   {{.number = "3", .column = 1, .text = "commit"},
                    {.kind = StepChart::Kind::kCrash, .text = "KILLED"},
                    {.kind = StepChart::Kind::kNotReached, .text = "close"}}}));
  EXPECT_THAT(html, HasSubstr("<caption>Round 1</caption>"));
  EXPECT_THAT(html, HasSubstr("<tr><th scope=\"row\">3</th><td></td>"
                              "<td>commit</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<tr class=\"crash\"><th scope=\"row\"></th>"
                              "<td colspan=\"2\">KILLED</td></tr>"));
  EXPECT_THAT(html, HasSubstr("<tr class=\"late\">"));
}

TEST(HtmlTest, EachUnitOfAFileIsReachedByTheKeyboardAndSaysWhatItIs) {
  const std::string html = HtmlOf(
      Of(FileBars{"The disk",
                  {"durable", "there", "torn", "lost"},
                  {{"state.db",
                    {{FileBars::Tone::kPlain, "1-4", "pages 1 to 4: durable"},
                     {FileBars::Tone::kBad, "5", "page 5: lost"}}}}}));
  EXPECT_THAT(html, HasSubstr("<li class=\"plain\" tabindex=\"0\" "
                              "aria-label=\"pages 1 to 4: durable\">1-4</li>"
                              "<li class=\"bad\" tabindex=\"0\" "
                              "aria-label=\"page 5: lost\">5</li>"));
  EXPECT_THAT(html, HasSubstr("<li class=\"half\">torn</li>"));
}

TEST(HtmlTest, NothingIsLoadedAndNoScriptRuns) {
  const std::string html =
      HtmlOf({.title = "a", .verdict = "HELD", .blocks = HostileBlocks()});
  for (const char* const loads :
       {"src=", "url(", "<link", "<img", "<iframe",
        "http:", "https:", "@import", " onclick", " onload"}) {
    EXPECT_THAT(html, Not(HasSubstr(loads)));
  }
  EXPECT_THAT(html, HasSubstr("content=\"default-src 'none'; style-src "
                              "'unsafe-inline'\""));
}

TEST(HtmlTest, TheVerdictIsTheFirstThatIsRead) {
  Document document = Of(Said("48 trials"));
  document.verdict = "VIOLATED";
  document.tone = VerdictTone::kBad;
  document.blocks.emplace_back(Heading{2, "Findings"});
  const std::string html = HtmlOf(document);
  const std::size_t verdict = html.find("<h1 class=\"bad\">VIOLATED</h1>");
  const std::size_t summary = html.find("<p>48 trials</p>");
  const std::size_t contents = html.find("<a href=\"#part-1\">Findings</a>");
  const std::size_t part = html.find("<h2 id=\"part-1\">Findings</h2>");
  EXPECT_LT(verdict, summary);
  EXPECT_LT(summary, contents);
  EXPECT_LT(contents, part);
  EXPECT_NE(part, std::string::npos);
}

TEST(HtmlTest, CountsAreShadedAndThoseThatAreZeroAreMarked) {
  const std::string html =
      HtmlOf(Of(PageTable{{{"", "a", "b", "c"}, {"wal", "100", "0", "1 of 3"}},
                          PageTable::Kind::kCounts}));
  EXPECT_THAT(html, HasSubstr("<td class=\"heat\" style=\"--h:100\">100</td>"
                              "<td class=\"zero\">0</td>"
                              "<td class=\"heat\" style=\"--h:15\">1 of 3"));
}

TEST(HtmlTest, ATableWithoutAHeadHasNone) {
  const std::string html = HtmlOf(Of(PageTable{{{"", ""}, {"seed", "3"}}}));
  EXPECT_THAT(html, Not(HasSubstr("<thead>")));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">seed</th><td>3</td>"));
}

TEST(HtmlTest, ANameOfARowLeadsToAFileBesideThePage) {
  Document page;
  page.blocks.emplace_back(
      PageTable{.rows = {{"night", "x"}, {"a<b", "1"}, {"two", "2"}},
                .links = {"", "javascript:a<b/report.html"}});
  const std::string html = HtmlOf(page);
  EXPECT_THAT(html, HasSubstr("<a href=\"./javascript%3Aa%3Cb/report.html\">"
                              "a&lt;b</a>"));
  EXPECT_THAT(html, HasSubstr("<th scope=\"row\">two</th>"));
}

TEST(HtmlTest, APlotHasItsAxesAndEachPoint) {
  const std::string html = HtmlOf(Of(Plot{
      "Speed", "seconds", "trials per second", {10, 20, 30}, {50, 100, 75}}));
  EXPECT_THAT(html, HasSubstr("aria-label=\"Speed: trials per second over "
                              "seconds\""));
  EXPECT_THAT(html, HasSubstr(">seconds</text>"));
  EXPECT_THAT(html, HasSubstr(">trials per second</text>"));
  EXPECT_THAT(html, HasSubstr(">100</text>"));
  // From 64 to 628 and from 176 up to 10.
  EXPECT_THAT(html, HasSubstr("points=\"252.0,93.0 440.0,10.0 628.0,51.5\""));
}

TEST(HtmlTest, AMillionMarksAreAsManyAsCanBeSeen) {
  Strip strip = {.title = "Calls", .x = "call", .end = 1e6};
  strip.lanes = {{.name = "commits", .tone = Strip::Tone::kGood}};
  for (int i = 0; i < 1'000'000; ++i) strip.lanes[0].marks.push_back(i);
  const std::string html = HtmlOf(Of(strip));
  EXPECT_THAT(html, HasSubstr("commits (1000000)"));
  EXPECT_LT(html.size(), 100'000U);
}

// What is wider than the screen is scrolled to by the keyboard.
TEST(HtmlTest, WideThingsAreReachedByTheKeyboard) {
  for (const Block& block :
       {Block(Code{"a"}), Block(PageTable{{{"a"}, {"b"}}})}) {
    EXPECT_THAT(HtmlOf(Of(block)), HasSubstr("role=\"region\" tabindex=\"0\" "
                                             "aria-label="));
  }
}

// The relative luminance of #rrggbb (WCAG 2.1).
double Luminance(const std::string& colour) {
  const double weights[] = {0.2126, 0.7152, 0.0722};
  double sum = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double part =
        std::stoi(colour.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    sum +=
        weights[i] * (part <= 0.03928 ? part / 12.92
                                      : std::pow((part + 0.055) / 1.055, 2.4));
  }
  return sum;
}

double Contrast(const std::string& a, const std::string& b) {
  const double one = Luminance(a) + 0.05;
  const double other = Luminance(b) + 0.05;
  return std::max(one, other) / std::min(one, other);
}

TEST(HtmlTest, EachColourHasTheContrastOfWcagAa) {
  const std::string html = HtmlOf(Of(Said("a")));
  const std::size_t dark = html.find("prefers-color-scheme:dark");
  ASSERT_NE(dark, std::string::npos);
  for (const std::size_t from : {std::size_t{0}, dark}) {
    const auto colour = [&](const std::string& name) {
      const std::string variable = absl::StrCat("--", name, ":#");
      const std::size_t at = html.find(variable, from);
      EXPECT_NE(at, std::string::npos) << name;
      return html.substr(at + variable.size() - 1, 7);
    };
    const std::pair<std::string, std::string> pairs[] = {
        {"text", "back"},    {"text", "card"},     {"text", "heat"},
        {"muted", "back"},   {"accent", "back"},   {"good", "good-back"},
        {"bad", "bad-back"}, {"open", "open-back"}};
    for (const auto& [text, back] : pairs) {
      EXPECT_GE(Contrast(colour(text), colour(back)), 4.5)
          << text << " on " << back << " from " << from;
    }
    EXPECT_LT(Contrast(colour("line"), colour("back")), 4.5);  // it can fail
  }
}

TEST(HtmlTest, MarkdownSaysTheSameWithoutPictures) {
  Document document = Of(Said("a"));
  document.blocks.emplace_back(Heading{2, "Trials"});
  document.blocks.emplace_back(Plot{"Speed", "x", "y", {1}, {1}});
  document.blocks.emplace_back(PageTable{{{"", "n"}, {"a", "1"}}});
  document.blocks.emplace_back(
      Paragraph{{{"see "}, {"lastcommit bugs", /*is_code=*/true}}});
  EXPECT_EQ(MarkdownOf(document),
            "# HELD\n\na\n\n## Trials\n\n|  | n |\n| :-- | --: |\n| a | 1 |\n"
            "\nsee `lastcommit bugs`\n");
}

}  // namespace
}  // namespace lastcommit
