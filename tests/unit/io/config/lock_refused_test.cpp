// What a lock must not be: damaged, foreign, newer, absurd, or a way around a rule of the files.

#include <gtest/gtest.h>

#include <chrono>

#include "tests/support/files.h"
#include "tests/unit/io/config/lock_support.h"

namespace flusso::config {
namespace {

constexpr std::string_view kSchema = "version: 1\ntable: users\nprimary_key: id\nfields:\n  - keyword: email\n";

std::string good_lock() { return lock_of(documents_with(*yaml(kSchema))); }

// Everything before the checksum.
std::string content_of(const std::string& lock) {
  return lock.substr(0, lock.size() - kChecksumKey.size() - kChecksumDigits);
}
std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// The error's code; every error names the file and the cure.
std::string refusal(const std::string& bytes) {
  const auto config = read_lock(bytes, "some/where.lock");
  if (config) return "accepted";
  EXPECT_EQ(config.error().kind, ErrorKind::config);
  EXPECT_NE(config.error().what.find("some/where.lock"), std::string::npos) << config.error().what;
  EXPECT_NE(config.error().what.find("flusso build"), std::string::npos) << config.error().what;
  return config.error().code;
}

TEST(LockRefused, a_whole_one_is_accepted) {
  EXPECT_EQ(refusal(good_lock()), "accepted");
  EXPECT_EQ(refusal(sealed(content_of(good_lock()))), "accepted");
}

TEST(LockRefused, every_lock_that_is_cut_off) {
  const std::string lock = good_lock();
  for (std::size_t length = 0; length < lock.size(); ++length)
    EXPECT_EQ(refusal(lock.substr(0, length)), length == 0 ? "config.lock_foreign" : "config.lock_damaged") << length;
}

TEST(LockRefused, every_lock_with_one_bit_changed) {
  const std::string lock = good_lock();
  for (std::size_t i = 0; i < lock.size() * 8; ++i) {
    std::string changed = lock;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1U << (i % 8)));
    EXPECT_NE(refusal(changed), "accepted") << "bit " << i;
  }
}

TEST(LockRefused, bytes_after_the_end) {
  EXPECT_EQ(refusal(good_lock() + std::string(1, '\0')), "config.lock_damaged");
  EXPECT_EQ(refusal(good_lock() + good_lock()), "config.lock_damaged");
  EXPECT_EQ(refusal(sealed(good_lock())), "config.lock_damaged");
}

TEST(LockRefused, what_is_no_lock_of_ours) {
  for (const std::string& bytes :
       {std::string(), std::string("[source]\ntype = \"postgres\"\n"), std::string(100, '\0'),
        std::string("\x81\xA1"
                    "a"
                    "\x01"),
        std::string("\x83\xAE"
                    "format_version"
                    "\x01")})
    EXPECT_EQ(refusal(bytes), "config.lock_foreign") << bytes;
}

TEST(LockRefused, a_newer_format_says_to_upgrade_or_to_recompile) {
  const std::string head = good_lock().substr(0, 1 + kLockBeginning.size());
  for (const std::string& version : {std::string("\x02"), std::string("\x7F"), std::string("\xCC\xFF", 2),
                                     std::string("\xCF\x00\x00\x00\x01\x00\x00\x00\x00", 9)}) {
    const auto config = read_lock(head + version + "whatever comes then", "some/where.lock");
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().code, "config.lock_format");
    for (const char* word : {"some/where.lock", "newer flusso", "upgrade", "recompile", "flusso build"})
      EXPECT_NE(config.error().what.find(word), std::string::npos) << config.error().what;
  }
  for (const std::string& version : {std::string("\x00", 1), std::string("\xFF"),
                                     std::string("\xA1"
                                                 "1")})
    EXPECT_EQ(refusal(head + version), "config.lock_damaged");
}

TEST(LockRefused, another_encoding_of_the_same_content) {
  const std::string content = content_of(good_lock());
  EXPECT_EQ(refusal(sealed(replaced(content,
                                    "\xA7"
                                    "version"
                                    "\x01",
                                    "\xA7"
                                    "version"
                                    "\xCC\x01"))),
            "config.lock_damaged");
  EXPECT_EQ(refusal(sealed(replaced(content,
                                    "\xA5"
                                    "table",
                                    "\xD9\x05"
                                    "table"))),
            "config.lock_damaged");
  EXPECT_EQ(refusal(sealed(replaced(content,
                                    "\xA6"
                                    "config",
                                    "\xA6"
                                    "cinfog"))),
            "config.lock_damaged");
}

TEST(LockRefused, values_that_no_file_can_hold) {
  const std::string content = content_of(good_lock());
  const auto with = [&](std::string_view value) {
    return refusal(sealed(replaced(content,
                                   "\xA5"
                                   "email",
                                   value)));
  };
  EXPECT_EQ(with("\xA4"
                 "mail"),
            "accepted");
  EXPECT_EQ(with("\xA2\xC3\x28"), "config.lock_damaged");                               // no UTF-8
  EXPECT_EQ(with(std::string_view("\xCA\x3F\x80\x00\x00", 5)), "config.lock_damaged");  // a float
  EXPECT_EQ(with("\xC4\x01"
                 "x"),
            "config.lock_damaged");                                                // binary
  EXPECT_EQ(with("\xCF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "config.lock_damaged");  // beyond int64
  EXPECT_EQ(with("\xD4\x02"
                 "1"),
            "config.lock_damaged");  // a foreign extension
  EXPECT_EQ(with("\xC7\x03\x01"
                 "1;x"),
            "config.lock_damaged");  // digits that are none
  EXPECT_EQ(with("\x82\xA1"
                 "a\xC0\xA1"
                 "a\xC0"),
            "config.lock_damaged");                        // a key twice
  EXPECT_EQ(with("\x81\x01\xC0"), "config.lock_damaged");  // a key that is no text
  EXPECT_EQ(with("\x81\x90\xC0"), "config.lock_damaged");
  EXPECT_EQ(with("\xC1"), "config.lock_damaged");  // no MessagePack
}

TEST(LockRefused, digits_are_json_numbers_and_nothing_else) {
  for (const char* good : {"0", "-0", "1.50", "1e400", "1E+5", "-0.1e-5", "123456789012345678901234567890"})
    EXPECT_TRUE(is_json_number(good)) << good;
  for (const char* bad :
       {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "inf", "nan", "0x10", "1 ", " 1", "1;", "1,2", "--1"})
    EXPECT_FALSE(is_json_number(bad)) << bad;
}

// A few bytes that announce a lot cost nothing.
TEST(LockRefused, absurd_sizes_and_depths) {
  const std::string content = content_of(good_lock());
  const auto with = [&](const std::string& value) {
    return refusal(sealed(replaced(content,
                                   "\xA5"
                                   "email",
                                   value)));
  };
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(with("\xDD\xFF\xFF\xFF\xFF"), "config.lock_damaged");
  EXPECT_EQ(with("\xDF\xFF\xFF\xFF\xFF"), "config.lock_damaged");
  EXPECT_EQ(with("\xDB\xFF\xFF\xFF\xFF"), "config.lock_damaged");
  EXPECT_EQ(with("\xC9\xFF\xFF\xFF\xFF\x01"), "config.lock_damaged");
  EXPECT_EQ(with(std::string(1'000'000, '\x91') + '\xC0'), "config.lock_damaged");
  EXPECT_EQ(with("\xDD" + std::string("\x00\x20\x00\x00", 4) + std::string(0x200000, '\xC0')), "config.lock_damaged");
  EXPECT_EQ(refusal(good_lock() + std::string(kMaxLockBytes, 'x')), "config.lock_damaged");
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(60));
}

TEST(LockRefused, what_would_be_too_large_to_read_is_not_written) {
  const auto refused = [](Documents documents) {
    const auto bytes = encode_lock(documents, "0.0.0");
    return bytes ? std::string("written") : bytes.error().code;
  };
  Node text{{}, std::string(kMaxLockBytes, 'x')};
  EXPECT_EQ(refused(documents_with(text)), "config.lock_too_large");
  EXPECT_EQ(refused(documents_with(Node{{}, std::vector<Node>(kMaxNodes, Node{})})), "config.lock_too_large");
  EXPECT_EQ(refused(documents_with(Node{{}, std::vector<Node>(kMaxNodes - 1, Node{})})), "written");
  Node deep;
  for (int i = 0; i <= kMaxDepth; ++i) deep = Node{{}, std::vector<Node>{std::move(deep)}};
  EXPECT_EQ(refused(documents_with(std::move(deep))), "config.lock_too_large");
}

TEST(LockRefused, every_mistake_that_the_loader_refuses_in_a_schema) {
  std::size_t tried = 0;
  for (const std::string& path : test::files_in("tests/corpus/bad/schema", ".schema.yml")) {
    const auto schema = yaml(test::read_file(path));
    if (!schema) continue;
    ++tried;
    EXPECT_EQ(refusal(lock_of(documents_with(*schema))), "config.lock_refused") << path;
  }
  EXPECT_GT(tried, 100U);
}

TEST(LockRefused, every_mistake_that_the_loader_refuses_in_a_configuration) {
  std::size_t tried = 0;
  for (const std::string& path : test::files_in("tests/corpus/bad/config", ".toml")) {
    Documents documents;
    auto config = toml(test::read_file(path));
    if (!config) continue;
    documents.config = std::move(*config);
    Diagnostics report;
    Reading reading(path, report);
    (void)read_config(documents.config, reading);
    if (!report.has_errors()) continue;  // the mistake is in or about a schema file
    const auto bytes = encode_lock(documents, "0.0.0");
    if (!bytes) continue;  // a date, which a lock cannot hold either
    ++tried;
    const auto read = read_lock(*bytes, "flusso.lock");
    ASSERT_FALSE(read) << path;
    EXPECT_EQ(read.error().code, "config.lock_refused") << path;
    EXPECT_EQ(read.error().what.find("hunter2"), std::string::npos) << path << " shows a secret";
  }
  EXPECT_GT(tried, 40U);
}

TEST(LockRefused, schemas_that_are_missing_or_that_nobody_uses) {
  Documents documents = documents_with(*yaml(kSchema));
  documents.schemas.emplace("b.yml", *yaml(kSchema));
  EXPECT_EQ(refusal(lock_of(documents)), "config.lock_refused");
  documents.schemas.clear();
  EXPECT_EQ(refusal(lock_of(documents)), "config.lock_refused");
}

TEST(LockRefused, mistakes_are_told_with_the_schema_they_are_in) {
  const auto read = read_lock(
      lock_of(documents_with(*yaml("version: 1\ntable: users\nfields:\n  - keyword: email\n    requird: true\n"))),
      "x.lock");
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("x.lock: a.yml: unknown key `requird`"), std::string::npos) << read.error().what;
  EXPECT_NE(read.error().what.find("did you mean `required`?"), std::string::npos) << read.error().what;
}

}  // namespace
}  // namespace flusso::config
