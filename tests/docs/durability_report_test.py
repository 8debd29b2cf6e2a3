"""scripts/durability-report makes its page of what is in the results, and of
nothing else: durability_report_test.py LASTCOMMIT PROJECT."""

import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
LASTCOMMIT, PROJECT = (pathlib.Path(path).resolve() for path in sys.argv[1:])
SCRIPT = PROJECT / "scripts" / "durability-report"
ENGINES = ("fork", "sim")

# Runs the real program, and puts other values into the report of the campaigns
# whose directory ends with a name.
DOCTORED = """\
#!{python}
import json, subprocess, sys
result = subprocess.run([{program!r}, *sys.argv[1:]]).returncode
if sys.argv[1] == "report":
    path = next(a[7:] for a in sys.argv if a.startswith("--json="))
    values = json.load(open(path))
    for end, others in {changes!r}.items():
        if sys.argv[2].endswith(end):
            values.update(others)
    json.dump(values, open(path, "w"))
sys.exit(result)
"""
AS_HELD = {"outcome": "HELD", "exit_code": 0, "broken_promises": []}


def start_script(*arguments, program=LASTCOMMIT):
    return subprocess.Popen(
        [sys.executable, SCRIPT, *arguments], text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, "LASTCOMMIT_PROGRAM": str(program)})


def run_script(*arguments, program=LASTCOMMIT):
    with start_script(*arguments, program=program) as run:
        run.out, run.err = run.communicate()
    return run


def summary_of(campaigns, engine):
    return json.loads((campaigns / engine / "summary.json").read_text())


class DurabilityReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp())
        cls.violated, cls.violated_run = cls.run_campaigns(
            "violated", "--saver=planted-normal-only", "--trials=4")
        cls.short, cls.short_run = cls.run_campaigns("short", "--trials=6")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.work)

    @classmethod
    def run_campaigns(cls, name, *arguments):
        directory = cls.work / name
        run = run_script(f"--dir={directory}", "--seed=3", "--jobs=1",
                         f"--out={cls.work / name}.md", *arguments)
        return directory, run

    def page_of(self, campaigns):
        return pathlib.Path(f"{campaigns}.md").read_text()

    # The page of results, and the exit code.
    def made_from(self, campaigns, program=LASTCOMMIT):
        page = self.work / "made.md"
        page.unlink(missing_ok=True)
        run = run_script(f"--from={campaigns}", f"--out={page}",
                         program=program)
        return run, page.read_text() if page.exists() else None

    def doctored(self, **changes):
        program = self.work / "doctored"
        program.write_text(
            DOCTORED.format(python=sys.executable, program=str(LASTCOMMIT),
                            changes=changes))
        program.chmod(0o700)
        return program

    # The values of a row of the table of both campaigns.
    def row(self, page, name):
        found = re.findall(rf"^\| {re.escape(name)} \| (.*) \| (.*) \|$", page,
                           re.MULTILINE)
        self.assertEqual(len(found), 1, name)
        return [value.strip("`*") for value in found[0]]

    def check_figures(self, campaigns):
        page = self.page_of(campaigns)
        summaries = [summary_of(campaigns, engine) for engine in ENGINES]

        def check(name, value):
            self.assertEqual(self.row(page, name),
                             [str(value(summary)) for summary in summaries])

        for name in ("engine", "fault", "clients", "schedule", "seed",
                     "trials"):
            check(name, lambda summary, name=name: summary[name])
        check("**outcome**", lambda s: s["outcome"])
        check("held", lambda s: s["ledger"].get("verdict/held", 0))
        check("violated", lambda s: sum(
            count for cell, count in s["ledger"].items()
            if cell.startswith("verdict/violated(")))
        for reason in ("no_demand", "not_reached"):
            cell = f"verdict/skipped({reason})"
            if any(cell in s["ledger"] for s in summaries):
                check(f"skipped: {reason}",
                      lambda s, cell=cell: s["ledger"].get(cell, 0))
        check("promises kept", lambda s: s["kept_promises"])
        check("promises broken", lambda s: len(s["broken_promises"]))
        check("promises for a longer run", lambda s: s["pending_promises"])
        check("digest of plans and verdicts", lambda s: s["digest"])
        for summary in summaries:
            self.assertIn(
                f"\nGenerator version: {summary['generator_version']}\n", page)
            self.assertIn(f" | `{summary['tester']} (commit ", page)
            for name in ("sqlite_version", "sqlite_source_id", "saver"):
                self.assertIn(f" | `{summary[name]}` |\n", page)
            for promise in summary["broken_promises"]:
                self.assertIn(f"\n* {promise}\n", page)
            self.check_losses_of_power(page, summary)

    def check_losses_of_power(self, page, summary):
        judged = {tuple(cell.split("/")[1:3]): count
                  for cell, count in summary["ledger"].items()
                  if re.fullmatch(r"power_loss/\w+/\w+/judged", cell)}
        self.assertTrue(judged or summary["engine"] == "fork")
        for (mode, synchronous), count in judged.items():
            self.assertIn(f"\n| {mode}/{synchronous} | {count} |", page)

    def test_a_violation_is_the_verdict_and_is_listed(self):
        self.assertEqual(self.violated_run.returncode, 1,
                         self.violated_run.err)
        page = self.page_of(self.violated)
        self.assertRegex(page, r"^# .*\n\n\*\*VIOLATED: [1-9][0-9]* trials")
        self.assertNotIn("HELD", page)
        self.check_figures(self.violated)
        replays = re.findall(
            r"^    build/release/lastcommit (replay .*)$", page, re.MULTILINE)
        findings = [finding for engine in ENGINES for finding
                    in summary_of(self.violated, engine)["findings"]]
        self.assertTrue(findings)
        self.assertEqual(replays,
                         [f"replay {finding['token']}" for finding in findings])
        replay = subprocess.run([LASTCOMMIT, *shlex.split(replays[0])],
                                check=False, stdout=subprocess.DEVNULL)
        self.assertEqual(replay.returncode, 1)

    def test_too_few_trials_are_not_held(self):
        self.assertEqual(self.short_run.returncode, 4, self.short_run.err)
        page = self.page_of(self.short)
        self.assertRegex(page, r"^# .*\n\n\*\*NOT EXERCISED: ")
        self.assertNotIn("HELD", page)
        self.assertIn("\n## Findings\n\nNone.\n", page)
        self.check_figures(self.short)

    def test_a_finding_without_a_token_is_replayed_from_its_plan(self):
        finding = summary_of(self.violated, "sim")["findings"][0]
        finding["token"] = ""
        run, page = self.made_from(
            self.violated, self.doctored(sim={"findings": [finding]}))
        self.assertEqual(run.returncode, 1, run.err)
        plan = re.search(r"replay DIR/(sim/findings/\S*\.plan)\n", page)
        self.assertTrue((self.violated / plan.group(1)).exists())

    def test_held_is_said_if_both_are(self):
        run, page = self.made_from(self.short,
                                   self.doctored(fork=AS_HELD, sim=AS_HELD))
        self.assertEqual(run.returncode, 0, run.err)
        self.assertRegex(page, r"^# .*\n\n\*\*HELD: ")

    def test_one_that_is_not_held_is_the_verdict_of_both(self):
        for other in ENGINES:
            run, page = self.made_from(self.short,
                                       self.doctored(**{other: AS_HELD}))
            self.assertEqual(run.returncode, 4, run.err)
            self.assertRegex(page, r"^# .*\n\n\*\*NOT EXERCISED: ")
        failed = {"outcome": "TESTER FAILED", "exit_code": 3, "error": "a died"}
        run, page = self.made_from(self.short, self.doctored(sim=failed))
        self.assertEqual(run.returncode, 3, run.err)
        self.assertRegex(page, r"^# .*\n\n\*\*TESTER FAILED: ")
        self.assertIn("ended with an error: a died", page)

    def test_held_against_its_own_figures_is_no_page(self):
        run, page = self.made_from(self.violated,
                                   self.doctored(fork=AS_HELD, sim=AS_HELD))
        self.assertEqual(run.returncode, 3)
        self.assertIn("contradicts", run.err)
        self.assertIsNone(page)

    def test_the_same_results_give_the_same_bytes_wherever_they_are(self):
        elsewhere = self.work / "elsewhere" / "of them"
        shutil.copytree(self.violated, elsewhere)
        _, page = self.made_from(elsewhere)
        self.assertEqual(page, self.page_of(self.violated))

    def test_results_that_do_not_fit_are_no_page(self):
        def expect_no_page(campaigns, message, program=LASTCOMMIT):
            run, page = self.made_from(campaigns, program)
            self.assertEqual(run.returncode, 2, run.err)
            self.assertIn(message, run.err)
            self.assertIsNone(page)

        expect_no_page(self.work / "none", "there is no campaign in")
        mixed = self.work / "mixed"
        shutil.copytree(self.violated / "fork", mixed / "fork")
        shutil.copytree(self.short / "sim", mixed / "sim")
        expect_no_page(mixed, "the campaigns differ in saver")
        swapped = self.work / "swapped"
        shutil.copytree(self.short / "sim", swapped / "fork")
        expect_no_page(swapped, "is of engine sim, and not of fork")
        running = self.work / "running"
        shutil.copytree(self.short, running)
        results = running / "sim" / "results.jsonl"
        lines = results.read_text().splitlines(True)
        self.assertEqual(json.loads(lines[-1])["record"], "end")
        results.write_text("".join(lines[:-1]))
        expect_no_page(running, "has not ended")
        tested = dict(json.loads(
            (self.short / "sim" / "campaign.json").read_text()), fault="kill")
        kills = self.work / "kills"
        shutil.copytree(self.short, kills)
        (kills / "sim" / "campaign.json").write_text(json.dumps(tested))
        expect_no_page(kills, "has the fault kill alone")
        changed = self.work / "changed"
        shutil.copytree(self.short, changed)
        with open(changed / "sim/results.jsonl", "a", encoding="utf-8") as file:
            for line in (json.dumps(dict(json.loads(lines[0]), tester="other")),
                         lines[-1].strip()):
                print(line, file=file)
        expect_no_page(changed, "is of several programs")

    def test_results_that_are_none_are_no_violation(self):
        broken = self.work / "broken"
        shutil.copytree(self.short, broken)
        program = self.work / "writes-nothing"
        program.write_text("#!/bin/sh\nfor a; do case $a in --*=*)"
                           " echo x > ${a#--*=};; esac; done\n")
        program.chmod(0o700)
        run, page = self.made_from(broken, program)
        self.assertEqual(run.returncode, 3, run.err)
        self.assertIn("a result that is none", run.err)
        self.assertIsNone(page)

    def test_an_interrupt_ends_it_without_a_page_and_it_goes_on(self):
        directory, page = self.work / "interrupted", self.work / "late.md"
        arguments = [f"--dir={directory}", "--jobs=1", f"--out={page}"]
        with start_script(*arguments, "--seed=5", "--seconds=600") as run:
            # Its own first line, and that of the campaign.
            run.stdout.readline()
            self.assertIn("lastcommit campaign: seed=5", run.stdout.readline())
            run.send_signal(signal.SIGINT)
            _, errors = run.communicate()
        self.assertEqual(run.returncode, 4, errors)
        self.assertIn("interrupted", errors)
        self.assertFalse(page.exists())
        self.assertFalse((directory / "sim").exists())
        # The seed is that of what is there.
        later = run_script(*arguments, "--trials=4")
        self.assertEqual(later.returncode, 4, later.err)
        self.assertEqual(self.row(page.read_text(), "seed"), ["5", "5"])

    # A text with a figure in it would be the same after any other results.
    def test_what_the_script_says_by_itself_has_no_figures(self):
        loader = importlib.machinery.SourceFileLoader("script", str(SCRIPT))
        script = importlib.util.module_from_spec(
            importlib.util.spec_from_loader("script", loader))
        loader.exec_module(script)
        for text in (script.INTRODUCTION, script.JUDGED, script.LAST_PARTS,
                     *script.ABOUT.values()):
            self.assertNotRegex(text, r"[0-9]|HELD|VIOLATED|NOT EXERCISED")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
