#include "results/nights.h"

#include <string.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "output/exit_code.h"
#include "output/shown.h"
#include "results/comparison.h"
#include "results/loaded_campaign.h"
#include "status/status.h"

namespace lastcommit {
namespace {

namespace fs = std::filesystem;

// Numbers in names are compared as numbers: "2026-11-27-10" is behind "-9".
bool IsBefore(const std::string& one, const std::string& other) {
  return strverscmp(one.c_str(), other.c_str()) < 0;
}

absl::StatusOr<std::vector<std::string>> NightsBelow(
    const std::string& directory) {
  std::vector<std::string> nights;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end;
       it.increment(error)) {
    std::error_code ignored;
    if (!it->is_symlink(ignored) &&
        fs::exists(it->path() / "campaign.json", ignored)) {
      nights.push_back(it->path().filename());
    }
  }
  if (error) {
    return absl::ErrnoToStatus(error.value(),
                               absl::StrCat("cannot read ", Shown(directory)));
  }
  if (nights.empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no campaign in ", Shown(directory)));
  }
  std::sort(nights.begin(), nights.end(), IsBefore);
  return nights;
}

class Index {
 public:
  Index(std::string directory, std::size_t nights)
      : directory_(std::move(directory)), nights_(nights) {
    table_.kind = PageTable::Kind::kWords;
    table_.rows = {{"night", "verdict", "findings", "new", "known", "gone",
                    "trials", "a second", "saver", "SQLite", "tester"}};
    table_.links = {""};
  }

  void Add(const std::string& name) {
    auto campaign = LoadCampaign(absl::StrCat(directory_, "/", name));
    const std::string report = name + "/report.html";
    std::error_code ignored;
    table_.links.push_back(
        fs::exists(absl::StrCat(directory_, "/", report), ignored) ? report
                                                                   : "");
    newest_ = name;
    is_read_ = campaign.ok();
    if (!campaign.ok()) {
      table_.rows.push_back(
          {name,
           "cannot be read: " + std::string(campaign.status().message())});
      table_.rows.back().resize(table_.rows.front().size());
      return;
    }
    AddRow(name, *campaign);
    before_ = *std::move(campaign);
  }

  Document Finish() && {
    Document page = {.title = "lastcommit: nights",
                     .verdict = "NOT EXERCISED",
                     .tone = VerdictTone::kOpen};
    if (is_read_) {
      const ExitCode code = before_->summary.exit_code;
      page.verdict = Word(code);
      page.tone = ToneOf(code);
    }
    page.blocks.emplace_back(Paragraph{
        {{absl::StrCat("The newest of ", nights_,
                       nights_ == 1 ? " night: " : " nights: ", newest_)}}});
    page.blocks.emplace_back(Heading{2, "Nights"});
    page.blocks.emplace_back(std::move(table_));
    for (Plot* const plot : {&findings_, &rates_}) {
      if (plot->xs.size() > 1) page.blocks.emplace_back(std::move(*plot));
    }
    page.blocks.emplace_back(Paragraph{
        {{"New, known and gone since the night before, by verdict, shape and "
          "likeness; gone means not found again, which is no proof."}}});
    return page;
  }

 private:
  void AddRow(const std::string& name, const LoadedCampaign& campaign) {
    const Summary& summary = campaign.summary;
    const Tally& tally = summary.tally;
    std::vector<std::string> row = {name, Word(summary.exit_code),
                                    absl::StrCat(summary.groups.size())};
    if (before_.has_value()) {
      const Comparison since = Compare(*before_, campaign);
      for (const auto* const groups :
           {&since.new_ones, &since.known, &since.gone}) {
        row.push_back(absl::StrCat(groups->size()));
      }
      absl::StrAppend(
          &newest_, "; findings since the night before: ", InWords(since), ".");
    } else {
      row.insert(row.end(), 3, "");
    }
    const auto trials = static_cast<double>(tally.ledger.trials());
    const double rate = tally.seconds() > 0 ? trials / tally.seconds() : 0;
    row.insert(
        row.end(),
        {absl::StrCat(tally.ledger.trials()), absl::StrFormat("%.1f", rate),
         campaign.identity.generate.saver, campaign.identity.sqlite_version,
         tally.sessions.empty() ? "" : tally.sessions.back().start.tester});
    const auto x = static_cast<double>(table_.rows.size());
    findings_.xs.push_back(x);
    findings_.ys.push_back(static_cast<double>(summary.groups.size()));
    rates_.xs.push_back(x);
    rates_.ys.push_back(rate);
    table_.rows.push_back(std::move(row));
  }

  const std::string directory_;
  const std::size_t nights_;
  PageTable table_;
  Plot findings_ = {.title = "Findings of each night, of one cause one",
                    .x = "night, the oldest is 1",
                    .y = "findings"};
  Plot rates_ = {.title = "How fast each night was",
                 .x = "night, the oldest is 1",
                 .y = "trials per second"};
  std::string newest_;
  bool is_read_ = false;  // the newest one
  std::optional<LoadedCampaign> before_;
};

}  // namespace

absl::StatusOr<Document> NightsOf(const std::string& directory) {
  ASSIGN_OR_RETURN(const std::vector<std::string> nights,
                   NightsBelow(directory));
  Index index(directory, nights.size());
  for (const std::string& night : nights) index.Add(night);
  return std::move(index).Finish();
}

}  // namespace lastcommit
