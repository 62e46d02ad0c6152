#pragma once
// The bytes of a flusso.lock, shared by its writer and its reader. The file is one MessagePack map, so any MessagePack
// tool shows it; the order of its keys is fixed, and the first two tell what it is before anything else is believed:
//
//   { "magic":          "flusso.lock",
//     "format_version": 1,                      what the bytes mean; a reader refuses every other number
//     "flusso_version": "0.1.0",                who wrote it: information, nothing depends on it
//     "config":         tree of flusso.toml,    as written: secrets are literals or {"env": "VARIABLE"}
//     "schemas":        { path as in the configuration: tree of that *.schema.yml },
//     "checksum":       16 hex digits }         FNV-1a over every byte before this value: finds damage, not intent
//
//   tree = nil | bool | int | str | ext 1 (digits of a number that 64 bits do not hold) | array | map with str keys
//
// Mappings keep the order of the file, because the order of a constant's keys can be seen in the documents. Every value
// has one encoding, the shortest, so equal files give equal bytes. A change of what a key or an absent key means in
// the files is a change of this format: raise kLockFormat.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/config/tree.h"

namespace flusso::config {

inline constexpr std::int64_t kLockFormat = 1;
inline constexpr std::int8_t kDigitsExtension = 1;

// How every lock begins, of this format and of those to come; one byte (the map's size) precedes it.
inline constexpr std::string_view kLockBeginning =
    "\xA5"
    "magic"
    "\xAB"
    "flusso.lock"
    "\xAE"
    "format_version";

// The last entry: its key, the head of a 16-byte string, and the digits.
inline constexpr std::string_view kChecksumKey =
    "\xA8"
    "checksum"
    "\xB0";
inline constexpr std::size_t kChecksumDigits = 16;

inline constexpr std::size_t kMaxLockBytes = 16U * 1024 * 1024;
inline constexpr std::size_t kMaxLockNodes = 1'000'000;  // of all files together; tree.h bounds each

// The digits that belong after `bytes`, which end with kChecksumKey.
std::string lock_checksum(std::string_view bytes);

// Whether the text is a JSON number: digits are written into SQL and documents as they stand.
bool is_json_number(std::string_view text);

// A MessagePack map that could be a lock of any flusso, a damaged one included; text never is.
bool looks_like_lock(std::string_view bytes);

}  // namespace flusso::config
