// tests/corpus/rules.txt: every rule of the formats has a file that breaks it, and no message lacks a rule.

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "tests/support/files.h"
#include "tests/unit/io/config/reading_support.h"

namespace flusso::config {
namespace {

namespace fs = std::filesystem;

const std::string kCorpus = test::source_path("tests/corpus/");

struct Pattern {
  std::string rule;
  std::regex says;
};

std::vector<Pattern> read_rules(std::vector<std::string>& names) {
  std::vector<Pattern> patterns;
  std::ifstream stream(kCorpus + "rules.txt");
  for (std::string line; std::getline(stream, line);) {
    if (line.starts_with('[')) names.push_back(line.substr(1, line.size() - 2));
    if (line.starts_with("says: ")) patterns.push_back({names.back(), std::regex(line.substr(6))});
  }
  return patterns;
}

// The messages of a report, without place and excerpt.
std::vector<std::string> messages_in(const fs::path& expected) {
  std::vector<std::string> messages;
  std::ifstream stream(expected);
  for (std::string line; std::getline(stream, line);)
    if (!line.empty() && !line.starts_with("  ")) messages.push_back(line.substr(line.find(": ") + 2));
  return messages;
}

TEST(CorpusRules, every_message_has_one_rule_and_every_rule_a_file) {
  std::vector<std::string> names;
  const auto patterns = read_rules(names);
  ASSERT_GT(names.size(), 60U);
  std::map<std::string, int> files_of;
  for (const char* folder : {"bad/schema", "bad/config"}) {
    for (const auto& entry : fs::directory_iterator(kCorpus + folder)) {
      if (entry.path().extension() != ".expected") continue;
      for (const std::string& message : messages_in(entry.path())) {
        std::set<std::string> rules;
        for (const Pattern& pattern : patterns)
          if (std::regex_search(message, pattern.says, std::regex_constants::match_continuous))
            rules.insert(pattern.rule);
        EXPECT_EQ(rules.size(), 1U) << entry.path().filename() << ": " << message << " belongs to "
                                    << testing::PrintToString(rules);
        for (const std::string& rule : rules) ++files_of[rule];
      }
    }
  }
  for (const std::string& name : names) EXPECT_GT(files_of[name], 0) << "no file below bad/ breaks the rule " << name;
}

}  // namespace
}  // namespace flusso::config
