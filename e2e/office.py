#!/usr/bin/python3
"""Fills a workbook as an officer does, in LibreOffice without a window.

    python3 office.py form.xlsx filled.xlsx '{"default": "12", "at": {"1": "abc", "4": "9000"}}'

Every cell that is not locked gets the default, in the order of reading; "at" says otherwise by number, from 1.
"clear": true empties them first. Prints the references of the cells it wrote, in that order.
"""
import json
import os
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
    for _ in range(300):
        try:
            return resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        except Exception:  # not listening yet
            if process.poll() is not None:
                raise SystemExit(f"soffice ended with {process.returncode}")
            time.sleep(0.2)
    raise SystemExit("soffice did not listen within a minute")


def fill(document, wish):
    written = []
    for sheet in document.Sheets:
        if not sheet.IsVisible:
            continue
        cursor = sheet.createCursor()
        cursor.gotoEndOfUsedArea(False)
        last = cursor.RangeAddress
        for row in range(last.EndRow + 1):
            for column in range(last.EndColumn + 1):
                cell = sheet.getCellByPosition(column, row)
                if cell.CellProtection.IsLocked or not sheet.isProtected():
                    continue
                text = wish.get("at", {}).get(str(len(written) + 1), wish.get("default", ""))
                try:
                    cell.Value = float(text)
                except ValueError:
                    cell.String = text
                written.append(cell.AbsoluteName.replace("$", ""))
    return written


def main():
    source, target, wish = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), json.loads(sys.argv[3])
    with tempfile.TemporaryDirectory() as home:
        pipe = f"banlang{os.getpid()}"
        process = subprocess.Popen([
            "soffice", "--headless", "--norestore", "--nologo", "--nodefault", f"-env:UserInstallation=file://{home}",
            f"--accept=pipe,name={pipe};urp;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            context = connect(pipe, process)
            desktop = context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
            document = desktop.loadComponentFromURL(uno.systemPathToFileUrl(source), "_blank", 0, (prop("Hidden", True),))
            if document is None:
                raise SystemExit(f"LibreOffice cannot open {source}")
            print(json.dumps(fill(document, wish)))
            document.storeToURL(uno.systemPathToFileUrl(target), (prop("FilterName", "Calc MS Excel 2007 XML"),))
            document.close(True)
            try:
                desktop.terminate()
            except Exception:  # it ends while it answers
                pass
        finally:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


main()
