#!/usr/bin/python3
"""Fills a workbook and reads one as an officer does, in LibreOffice without a window.

    python3 office.py fill form.xlsx filled.xlsx '{"Tày / Số hộ": "1812", "C14": "abc"}'
    python3 office.py read book.xlsx

A cell is named by its row and column as people read them, or by its reference in the first sheet. Fill prints the references that
it wrote as {"Tày / Số hộ": "BM01.C11"}; it refuses a cell that is locked. Read prints {"sheets": names, "cells": {"BM01.C14":
{"text", "colour", "comment"}}} of the sheets that are seen, with the cells that hold anything; colour is that behind the text as
"ffc9c4", "" where there is none.
"""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

import uno
from com.sun.star.beans import PropertyValue


def prop(name, value):
    p = PropertyValue()
    p.Name, p.Value = name, value
    return p


def connect(pipe, process):
    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    for _ in range(600):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # not listening yet
            if process.poll() is not None:
                raise SystemExit(f"soffice ended with {process.returncode}")
            time.sleep(0.2)
    raise SystemExit("soffice did not listen within two minutes")


def seen(document):
    """The sheets that are seen, each with its cells as rows of texts."""
    for sheet in document.Sheets:
        if sheet.IsVisible:
            cursor = sheet.createCursor()
            cursor.gotoEndOfUsedArea(False)
            last = cursor.RangeAddress
            rows = sheet.getCellRangeByPosition(0, 0, last.EndColumn, last.EndRow).getDataArray()
            yield sheet, [[text(value) for value in row] for row in rows]


def text(value):
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def name(sheet, column, row):
    return f"{sheet.Name}.{sheet.Columns.getByIndex(column).Name}{row + 1}"


def find(document, wanted):
    """The cell that a person calls so; the first heading from the top counts."""
    if re.fullmatch("[A-Z]+[0-9]+", wanted):
        sheet = document.Sheets.getByIndex(0)
        return sheet, sheet.getCellRangeByName(wanted)
    row, column = wanted.split(" / ")
    for sheet, rows in seen(document):
        at = {}
        for y, line in enumerate(rows):
            for x, heading in enumerate(line):
                at.setdefault(heading, (x, y))
        if row in at and column in at:
            return sheet, sheet.getCellByPosition(at[column][0], at[row][1])
    raise SystemExit(f"no cell {wanted}")


def write(sheet, cell, what):
    at = name(sheet, cell.CellAddress.Column, cell.CellAddress.Row)
    if sheet.isProtected() and cell.CellProtection.IsLocked:
        raise SystemExit(f"{at} is locked")
    try:
        cell.Value = float(what)
    except ValueError:
        cell.String = what
    return at


def read(document):
    sheets, cells = [], {}
    for sheet, rows in seen(document):
        sheets.append(sheet.Name)
        letters = [sheet.Columns.getByIndex(x).Name for x in range(len(rows[0]))]
        at = {(x, y): {"text": cell, "colour": "", "comment": ""} for y, line in enumerate(rows) for x, cell in enumerate(line) if cell}
        for note in sheet.Annotations:
            place = (note.Position.Column, note.Position.Row)
            at.setdefault(place, {"text": "", "colour": "", "comment": ""})["comment"] = note.String
        for alike in sheet.getUniqueCellFormatRanges():
            if alike.IsCellBackgroundTransparent:
                continue
            for area in alike.RangeAddresses:
                for x in range(area.StartColumn, min(area.EndColumn + 1, len(letters))):
                    for y in range(area.StartRow, min(area.EndRow + 1, len(rows))):
                        if (x, y) in at:
                            at[x, y]["colour"] = f"{alike.CellBackColor & 0xffffff:06x}"
        cells |= {f"{sheet.Name}.{letters[x]}{y + 1}": cell for (x, y), cell in at.items()}
    return {"sheets": sheets, "cells": cells}


def work(desktop, do, source, target, wish):
    document = desktop.loadComponentFromURL(uno.systemPathToFileUrl(os.path.abspath(source)), "_blank", 0, (prop("Hidden", True),))
    if document is None:
        raise SystemExit(f"LibreOffice cannot open {source}")
    try:
        if do == "read":
            return read(document)
        written = {wanted: write(*find(document, wanted), what) for wanted, what in json.loads(wish).items()}
        document.storeToURL(uno.systemPathToFileUrl(os.path.abspath(target)), (prop("FilterName", "Calc MS Excel 2007 XML"),))
        return written
    finally:
        document.close(True)


def main(do, source, target="", wish="{}"):
    with tempfile.TemporaryDirectory() as home:
        pipe = f"banlang{os.getpid()}"
        process = subprocess.Popen([
            "soffice", "--headless", "--norestore", "--nologo", "--nodefault", f"-env:UserInstallation=file://{home}",
            f"--accept=pipe,name={pipe};urp;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            context = connect(pipe, process)
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            try:
                print(json.dumps(work(desktop, do, source, target, wish), ensure_ascii=False))
            finally:
                try:
                    desktop.terminate()
                except Exception:  # it ends while it answers
                    pass
        finally:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)  # soffice is a script that starts others


main(*sys.argv[1:])
