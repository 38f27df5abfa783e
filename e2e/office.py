#!/usr/bin/python3
"""Fills a workbook and reads one as an officer does, in LibreOffice without a window.

    python3 office.py fill form.xlsx filled.xlsx '{"Tày / Số hộ": "1812", "C14": "abc", "*": "0"}'
    python3 office.py read book.xlsx

A cell is named by its row and column as people read them, or by its reference; "*" is every cell that is open to fill in and
not named. Fill prints the references that it wrote as {"Tày / Số hộ": "BM01.C11"}, in a sheet that is seen; it refuses a
cell that is locked. Read prints {"sheets": names of those seen, "cells": {"BM01.C14": {"text", "colour", "comment"}}} with the
cells that hold anything; colour is that behind the text as "ffc9c4", "" where there is none.
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


def cells(document):
    """Every cell of the sheets that are seen, in the order of reading."""
    for sheet in document.Sheets:
        if sheet.IsVisible:
            cursor = sheet.createCursor()
            cursor.gotoEndOfUsedArea(False)
            last = cursor.RangeAddress
            for row in range(last.EndRow + 1):
                for column in range(last.EndColumn + 1):
                    yield sheet, sheet.getCellByPosition(column, row)


def name(cell):
    return cell.AbsoluteName.replace("$", "").replace("'", "")


def find(document, wanted):
    """The cell that a person calls so; the first heading from the top counts. A reference is one of the first sheet."""
    if re.fullmatch("[A-Z]+[0-9]+", wanted):
        sheet = document.Sheets.getByIndex(0)
        return sheet, sheet.getCellRangeByName(wanted)
    row, column = wanted.split(" / ")
    at = {}
    for sheet, cell in cells(document):
        at.setdefault(cell.String, (sheet, cell.CellAddress))
    if row not in at or column not in at:
        raise SystemExit(f"no cell {wanted}")
    sheet = at[row][0]
    return sheet, sheet.getCellByPosition(at[column][1].Column, at[row][1].Row)


def write(sheet, cell, text):
    if sheet.isProtected() and cell.CellProtection.IsLocked:
        raise SystemExit(f"{name(cell)} is locked")
    try:
        cell.Value = float(text)
    except ValueError:
        cell.String = text
    return name(cell)


def fill(document, wish):
    rest = wish.pop("*", None)
    written = {wanted: write(*find(document, wanted), text) for wanted, text in wish.items()}
    if rest is not None:
        done = set(written.values())
        for sheet, cell in cells(document):
            if sheet.isProtected() and not cell.CellProtection.IsLocked and name(cell) not in done:
                written[name(cell)] = write(sheet, cell, rest)
    return written


def read(document):
    comments = {}
    for sheet in document.Sheets:
        for a in sheet.Annotations:
            comments[name(sheet.getCellByPosition(a.Position.Column, a.Position.Row))] = a.String
    found = {}
    for _, cell in cells(document):
        colour = "" if cell.IsCellBackgroundTransparent else f"{cell.CellBackColor & 0xffffff:06x}"
        if cell.String or name(cell) in comments:
            found[name(cell)] = {"text": cell.String, "colour": colour, "comment": comments.get(name(cell), "")}
    return {"sheets": [s.Name for s in document.Sheets if s.IsVisible], "cells": found}


def work(desktop, do, source, target, wish):
    document = desktop.loadComponentFromURL(uno.systemPathToFileUrl(os.path.abspath(source)), "_blank", 0, (prop("Hidden", True),))
    if document is None:
        raise SystemExit(f"LibreOffice cannot open {source}")
    try:
        if do == "read":
            return read(document)
        written = fill(document, json.loads(wish))
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
