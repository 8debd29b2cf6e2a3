// A document: what a report says, as blocks. It is written as Markdown, which
// is read in terminals and beside code, and as one HTML file, which needs
// nothing else and no script. All text in it is text of nobody in particular:
// names from plans, what a crashing process printed, rows of a database.
// Writing escapes it.

#ifndef LASTCOMMIT_PAGE_DOCUMENT_H_
#define LASTCOMMIT_PAGE_DOCUMENT_H_

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "output/exit_code.h"

namespace lastcommit {

// A part of a paragraph.
struct Span {
  std::string text = {};
  bool is_code = false;
};

struct Heading {
  int level = 2;  // 1 is the verdict's
  std::string text = {};
};

struct Paragraph {
  std::vector<Span> spans = {};
};

// Lines as they are.
struct Code {
  std::string text = {};
};

// The first row is the head, the first column names the rows. HTML shades the
// cells of counts and marks those that are 0, colours the cells of verdicts
// (what says "violated" is bad, else what says "held" good), and leaves an
// empty head out.
struct PageTable {
  std::vector<std::vector<std::string>> rows = {};
  enum class Kind { kNumbers, kCounts, kWords, kVerdicts };
  Kind kind = Kind::kNumbers;
  // Where the name of each row leads, a path from the page; "": nowhere. Fewer
  // than rows: the others lead nowhere.
  std::vector<std::string> links = {};
};

// Numbers as a line, over their places from left to right. Markdown leaves it
// out: a table with the same numbers follows.
struct Plot {
  std::string title = {};
  std::string x = {};  // what the axes show, with units
  std::string y = {};
  std::vector<double> xs = {};
  std::vector<double> ys = {};
};

// Marks along the calls of a recording, a lane for each kind. Markdown leaves
// it out: a table follows.
struct Strip {
  enum class Tone { kPlain, kGood, kBad };
  struct Lane {
    std::string name = {};
    Tone tone = Tone::kPlain;
    std::vector<double> marks = {};
  };
  std::string title = {};
  std::string x = {};
  double end = 1;  // the marks are from 0 to this
  std::vector<Lane> lanes = {};
};

// What several actors did, from top to bottom: a column for each of them. What
// happened to a step stands below it, over all columns. Markdown leaves it out:
// lines that say the same follow.
struct StepChart {
  enum class Kind {
    kStep,
    kNotReached,  // a step that something came before
    kMark,        // what happened
    kCrash,
  };
  struct Row {
    Kind kind = Kind::kStep;
    std::string number = {};  // of a step
    std::size_t column = 0;   // of a step, from 0
    std::string text = {};
    std::string good = {};  // of a step: what it has reached
  };
  std::string title = {};
  std::vector<std::string> columns = {};
  std::vector<Row> rows = {};
};

// Files as rows of what they are made of, in order, each with what became of
// it. Markdown leaves it out: lines that say the same follow.
struct FileBars {
  enum class Tone { kPlain, kGood, kHalf, kBad };
  struct Unit {
    Tone tone = Tone::kPlain;
    std::string label = {};  // short: it stands in the bar
    std::string text = {};   // all that is known of it
  };
  struct File {
    std::string name = {};
    std::vector<Unit> units = {};
  };
  std::string title = {};
  // What the tones mean, in their order.
  std::vector<std::string> legend = {};
  std::vector<File> files = {};
};

using Block = std::variant<Heading, Paragraph, Code, PageTable, Plot, Strip,
                           StepChart, FileBars>;

enum class VerdictTone { kGood, kBad, kOpen };
// Of the verdict with that exit code.
VerdictTone ToneOf(ExitCode code);

struct Document {
  std::string title = {};    // of the window
  std::string verdict = {};  // in one or two words: the first that is read
  VerdictTone tone = VerdictTone::kOpen;
  std::vector<Block> blocks = {};
};

std::string MarkdownOf(const Document& document);

// UTF-8, one file. Nothing is loaded, and no script runs: a policy in its head
// says so to the browser.
std::string HtmlOf(const Document& document);

}  // namespace lastcommit

#endif  // LASTCOMMIT_PAGE_DOCUMENT_H_
