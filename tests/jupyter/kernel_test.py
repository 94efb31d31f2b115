"""jupyter_kernel_test's own suite on Moonlark's kernel: python3 kernel_test.py, with JUPYTER_PATH at an installed spec."""
import unittest

import jupyter_kernel_test


class MoonlarkTests(jupyter_kernel_test.KernelTests):
    kernel_name = "moonlark"
    language_name = "lua"
    file_extension = ".lua"
    code_hello_world = 'print "hello, world"'
    code_stderr = 'io.stderr:write "oops\\n"'
    completion_samples = [
        {"text": "string.for", "matches": {"format"}},
        {"text": "audio.lo", "matches": {"load"}},
        {"text": "feature.mel(song, {n_m", "matches": {"n_mels"}},
    ]
    complete_code_samples = ["x = 1", "1 + 1", "for i = 1, 3 do\n  print(i)\nend", "string.format?"]
    incomplete_code_samples = ["for i = 1, 3 do", "print(", "x = [[one", "function f(a)"]
    invalid_code_samples = ["x = = 1", "end", "1 +* 2"]
    code_page_something = "audio.load?"
    code_generate_error = "error 'wrong'"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "x = {1, 2}\nx", "result": "{1, 2}"},
        {"code": "'é' .. 'ü'", "result": '"éü"'},
        {"code": "plot.lines({{1, 2, 4}})", "mime": "image/png"},
        {"code": "plot.lines({{1, 2, 4}})", "mime": "image/svg+xml"},
    ]
    code_display_data = [
        {"code": "display(plot.lines({{1, 2, 4}}))", "mime": "image/png"},
        {"code": "plot.lines({{1, 2, 4}}):show() print 'shown'", "mime": "image/svg+xml"},
        {"code": "display(7)", "mime": "text/plain"},
    ]
    code_history_pattern = "6 ?*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "audio.load"
    code_clear_output = "clear()"


if __name__ == "__main__":
    unittest.main()
