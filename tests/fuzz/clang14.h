// Included first in every file of the fuzz preset. clang 14 looks into the destructor of a variant as soon as it may be
// constexpr, which libstdc++ 12 makes it in C++20, and then cannot compile a variant that holds a vector of its own
// owner (model/value.h). For these programs variants are not constexpr; nothing of ours needs it.
#include <bits/enable_special_members.h>
#include <bits/parse_numbers.h>
#include <bits/stl_construct.h>
#include <string>
#include <vector>

#pragma push_macro("_GLIBCXX20_CONSTEXPR")
#undef _GLIBCXX20_CONSTEXPR
#define _GLIBCXX20_CONSTEXPR
#include <variant>
#pragma pop_macro("_GLIBCXX20_CONSTEXPR")
