// errors.cpp: whatever libtorch throws, as one line for a person.
#include "internal.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstring>

namespace {

// libtorch's messages may go on for pages (backtraces, notes for its authors); only the
// first paragraph is about the call.
std::string first_paragraph(const char *message)
{
    std::string text(message);
    for (const char *end : {"\n\n", "\nException raised from", "\nGENERATED"}) {
        size_t at = text.find(end);
        if (at != std::string::npos)
            text.resize(at);
    }
    while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
        text.pop_back();
    std::replace(text.begin(), text.end(), '\n', ' ');
    return text;
}

bool about_memory(const char *message)
{
    return std::strstr(message, "out of memory") || std::strstr(message, "not enough memory");
}

int report(mlk_status *status, mlk_code code, const char *what, const char *message)
{
    return mlk_fail(status, code, "%s: %s", what, first_paragraph(message).c_str());
}

} // namespace

int moonlark::fail_with_current_exception(mlk_status *status, const char *what) noexcept
{
    try {
        throw;
    } catch (const c10::Error &error) {
        const char *message = error.what_without_backtrace();
        try {
            return report(status, about_memory(message) ? MLK_MEMORY : MLK_INVALID, what, message);
        } catch (...) {
            return mlk_fail(status, MLK_INVALID, "%s", what);
        }
    } catch (const std::bad_alloc &error) { // our allocator's says how much was asked for
        const char *message = about_memory(error.what()) ? error.what() : "out of memory";
        return mlk_fail(status, MLK_MEMORY, "%s: %s", what, message);
    } catch (const std::exception &error) {
        try {
            return report(status, about_memory(error.what()) ? MLK_MEMORY : MLK_INVALID, what, error.what());
        } catch (...) {
            return mlk_fail(status, MLK_INVALID, "%s", what);
        }
    } catch (...) {
        return mlk_fail(status, MLK_INVALID, "%s: libtorch failed without saying why", what);
    }
}
