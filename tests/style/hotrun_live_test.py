"""hotrun_live_test.py FOLDER: what scripts/gdb/hotrun_live.py in FOLDER says."""

import json
import os
import pathlib
import struct
import sys
import tempfile
import unittest

FOLDER = sys.argv.pop(1)
sys.path.insert(0, FOLDER)
sys.dont_write_bytecode = True
import hotrun_live as live # noqa: E402


def followed(old, new, line):
    return live.followed(tuple(old), tuple(new), line)


class Followed(unittest.TestCase):
    TEXT = ['int a;', '', 'x += 1;', 'y += 1;', '', 'return x;']

    def test_lines_of_one_text_stay(self):
        for line in range(1, 7):
            self.assertEqual(followed(self.TEXT, self.TEXT, line), line)

    def test_lines_inserted_above_move_it_down(self):
        new = ['// one', '// two', '// three'] + self.TEXT
        for line in range(1, 7):
            self.assertEqual(followed(self.TEXT, new, line), line + 3)

    def test_lines_removed_above_move_it_up(self):
        self.assertEqual(followed(self.TEXT, self.TEXT[2:], 3), 1)

    def test_lines_inserted_below_leave_it(self):
        self.assertEqual(followed(self.TEXT, self.TEXT[:4] + ['z();'] + self.TEXT[4:], 3), 3)

    def test_it_is_found_between_two_edits(self):
        new = ['long a;', '', 'w();', 'x += 1;', 'y += 1;', 'z();', '', 'return x;']
        self.assertEqual([followed(self.TEXT, new, line) for line in (3, 4, 6)], [4, 5, 8])

    def test_a_line_that_is_edited_is_found_by_its_likeness(self):
        new = self.TEXT[:2] + ['if (a > 0)', 'w();', 'x += 10;'] + self.TEXT[3:]
        self.assertEqual(followed(self.TEXT, new, 3), 5)

    def test_a_line_that_is_replaced_by_one_stays(self):
        new = self.TEXT[:2] + ['std::puts("entirely different");'] + self.TEXT[3:]
        self.assertEqual(followed(self.TEXT, new, 3), 3)

    def test_a_line_that_is_removed_is_gone(self):
        self.assertIsNone(followed(self.TEXT, self.TEXT[:2] + self.TEXT[3:], 3))

    def test_a_line_whose_place_a_likelier_one_takes_is_gone(self):
        old = ['a();', 'count += 1;', 'counter += 1;', 'b();']
        new = ['a();', 'counter += 2;', 'b();']
        self.assertIsNone(followed(old, new, 2))
        self.assertEqual(followed(old, new, 3), 2)

    def test_a_line_beyond_the_text_is_gone(self):
        self.assertIsNone(followed(self.TEXT, self.TEXT[1:], 7))


class ReadLines(unittest.TestCase):
    def test_indentation_does_not_count_and_bytes_may_be_any(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, 'a.cpp')
            path.write_bytes(b'if (a)\n\tb(); // \xff\n')
            before = live.read_lines(path)
            path.write_bytes(b'if (a)\n        b();  // \xff\n')
            self.assertEqual(live.read_lines(path), before)
            self.assertIsNone(live.read_lines(pathlib.Path(folder, 'b.cpp')))


class Texts(unittest.TestCase):
    def test_the_text_of_code_is_the_one_that_was_there_when_it_was_made(self):
        with tempfile.TemporaryDirectory() as folder:
            source, code, later = (pathlib.Path(folder, name) for name in ('a.cpp', 'a.so', 'b.so'))
            for path, second in ((source, 1), (code, 2), (later, 2)):
                path.write_text('old\n', encoding='utf-8')
                os.utime(path, (second, second))
            texts = live.Texts()
            self.assertEqual(texts.of(code, source), ('old',))
            source.write_text('new\n', encoding='utf-8')
            self.assertEqual(texts.of(code, source), ('old',), 'seen before')
            self.assertIsNone(texts.of(later, source))
            texts.forget_all_but({later})
            self.assertIsNone(texts.of(code, source))


class LiveCopies(unittest.TestCase):
    def test_names_are_taken_apart(self):
        self.assertEqual(live.live_copy('/b/libgame_live.31.4.so'),
                         ('game', 4, '/b/libgame_live.31.4.so'))
        self.assertEqual(live.live_copy('/b/a_live.b_live.31.12-3.so')[:2], ('a_live.b', 12))
        for other in ('/b/libgame.so', '/b/libgame_live.31.so', '/b/game_live.31.4.so.p'):
            self.assertIsNone(live.live_copy(other))

    # Two modules: the first has rolled 3 back to 2, the second is not proven yet.
    def record(self):
        def module(generation, candidate, last_number, code, candidate_code):
            numbers = live.MODULE_NUMBERS.pack(generation, candidate, last_number)
            codes = b''.join(json.dumps([{'copy': path} for path in paths]).encode()
                             .ljust(live.CODE_BYTES, b'\0') for paths in (code, candidate_code))
            return (numbers.ljust(live.CODE_AT, b'\0') + codes).ljust(live.MODULE_BYTES, b'\0')

        modules = (module(2, 0, 3, ['/libbase_live.7.5.so', '/libgame_live.7.2.so'], []) +
                   module(1, 2, 2, ['/libsound_live.7.1.so'], ['/libsound_live.7.2.so']))
        size = live.RECORD_HEAD.size + 100 + len(modules)
        return live.RECORD_HEAD.pack(live.RECORD_MAGIC, size, 2) + bytes(100) + modules

    def copies_in(self, record):
        return live.copies_in_record(lambda at, size: record[at - 4096:at - 4096 + size], 4096)

    def test_the_record_says_which_are_live(self):
        self.assertEqual(self.copies_in(self.record()), {
            '/libbase_live.7.5.so': 5, '/libgame_live.7.2.so': 3, '/libsound_live.7.2.so': 2})

    def test_what_is_no_record_says_nothing(self):
        self.assertIsNone(self.copies_in(struct.pack('=QQQ', 1, 32824, 1) + bytes(32824)))
        self.assertIsNone(self.copies_in(self.record().replace(b'"copy"', b'"path"')))
        self.assertIsNone(live.copies_in_records(None, []))

    def test_states_follow_from_that(self):
        copies = [live.live_copy(f'/lib{name}_live.7.{number}.so') for name, number in (
            ('base', 5), ('base', 6), ('game', 1), ('game', 2), ('game', 3), ('game', 4))]
        self.assertEqual(live.states_of(copies, self.copies_in(self.record())),
                         ['live', 'next', 'old', 'live', 'old', 'next'])
        moved = [live.live_copy('/dump' + copy.path) for copy in copies]
        self.assertEqual(live.states_of(moved, self.copies_in(self.record())),
                         live.states_of(copies, self.copies_in(self.record())))
        self.assertEqual(live.states_of(copies[:2], None), ['unknown', 'unknown'])

    def test_the_table_has_a_row_for_each(self):
        rows = [(live.live_copy('/libgame_live.7.1.so'), 0x7f00, 0x7f80),
                (live.live_copy('/libgame_live.7.2.so'), 0x8f00, 0x8f80)]
        self.assertEqual(live.table_of(rows, ['', '2, 3'], {'/libgame_live.7.2.so': 2}), (
            'Module  Generation  State  From    To      Breakpoints  File\n'
            'game    1           old    0x7f00  0x7f80  -            /libgame_live.7.1.so\n'
            'game    2           live   0x8f00  0x8f80  2, 3         /libgame_live.7.2.so\n'))
        self.assertIn('no code', live.table_of([], [], None))


if __name__ == '__main__':
    unittest.main()
