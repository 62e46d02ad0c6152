#pragma once
// What an SQLSTATE means for us: the kind decides whether a lane retries, a run ends or a document is poison.
// Error codes are "pg." + SQLSTATE. Thread: any; pure.

#include <string>
#include <string_view>

#include "model/result.h"

namespace flusso::pg {

// The kind of an error with this SQLSTATE; unknown and malformed ones are permanent.
ErrorKind kind_of_sqlstate(std::string_view sqlstate);
// "pg.57P01"
std::string code_of_sqlstate(std::string_view sqlstate);
// True for class 22, 21, 54 and P0001: the statement fails because of the rows it reads, not because of the session.
bool is_data_error(const Error& error);

inline constexpr std::string_view kConnectionLost = "08006";
inline constexpr std::string_view kCannotConnect = "08001";

}  // namespace flusso::pg
