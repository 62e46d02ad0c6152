"""Collects the figures of a run: one readable table on stdout, the same as JSON in a file."""

import json
import os
import platform
import time

from measure import processor


class Report:
    def __init__(self, arguments):
        self.rows = []
        self.head = {"when": time.strftime("%Y-%m-%d %H:%M:%S"), "cores": os.cpu_count(), "processor": processor(),
                     "kernel": platform.release(), "load_before": os.getloadavg()[0], "workers": arguments.workers,
                     "size": arguments.size}

    def add(self, name, figures, cpu=None, target=None, note=""):
        """One measured run. `figures` are (label, value, unit); `target` is (label, bound, "min" or "max")."""
        row = {"run": name, "figures": {label: {"value": value, "unit": unit} for label, value, unit in figures},
               "cpu_seconds": cpu or {}, "targets": {}, "note": note}
        for label, bound, kind in target or []:
            value = row["figures"][label]["value"]
            row["targets"][label] = {"bound": bound, "kind": kind, "met": value >= bound if kind == "min" else value <= bound}
        self.rows.append(row)
        print(self._text(row), flush=True)

    def _text(self, row):
        lines = [row["run"]]
        for label, figure in row["figures"].items():
            text = f"    {label:<34}{number(figure['value']):>14} {figure['unit']}"
            if label in row["targets"]:
                target = row["targets"][label]
                sign = "≥" if target["kind"] == "min" else "≤"
                text += f"   {'ok' if target['met'] else 'MISSED'} (wanted {sign} {number(target['bound'])})"
            lines.append(text)
        if row["cpu_seconds"]:
            lines.append("    processor seconds                 " + ", ".join(f"{kind} {used:.2f}" for kind, used in row["cpu_seconds"].items()))
        if row["note"]:
            lines.append(f"    {row['note']}")
        return "\n".join(lines)

    def finish(self, path):
        missed = [f"{row['run']}: {label}" for row in self.rows for label, target in row["targets"].items() if not target["met"]]
        self.head["load_after"] = os.getloadavg()[0]
        path.write_text(json.dumps({"head": self.head, "runs": self.rows, "missed": missed}, indent=1, ensure_ascii=False) + "\n")
        print(f"\n{len(self.rows)} runs, {len(missed)} targets missed; JSON in {path}")
        for text in missed:
            print(f"  missed: {text}")


def number(value):
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
