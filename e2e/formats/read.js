// What each open format says, read by its own rules: for every cell, by the codes of its members, the value or why there is none.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// csv reads RFC 4180.
export function csv(text) {
  const rows = []
  let row = [], cell = '', quoted = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (quoted) {
      if (c !== '"') cell += c
      else if (text[i + 1] === '"') cell += text[++i]
      else quoted = false
    } else if (c === '"') quoted = true
    else if (c === ',' || c === '\n') {
      row.push(cell.replace(/\r$/, ''))
      cell = ''
      if (c === '\n') { rows.push(row); row = [] }
    } else cell += c
  }
  if (cell || row.length) rows.push([...row, cell])
  return rows
}

// jsonstat lists the hidden cells of a JSON-stat dataset by position.
export const jsonstat = (set) => Object.keys(set.status ?? {}).filter((i) => set.status[i] === 'C').map(Number).sort((a, b) => a - b)

// lines lists the lines (from 0, without the heading) on which a column has a mark.
export function lines(rows, column, mark) {
  const at = rows[0].indexOf(column)
  return rows.slice(1).flatMap((row, i) => (row[at] === mark ? [i] : []))
}

// sheet is the first sheet of a workbook as LibreOffice reads it.
export function sheet(body) {
  const dir = mkdtempSync(join(tmpdir(), 'banlang-sheet-'))
  try {
    writeFileSync(join(dir, 'a.xlsx'), body)
    execFileSync('soffice', [`-env:UserInstallation=file://${dir}/profile`, '--headless', '--convert-to', 'csv:Text - txt - csv (StarCalc):44,34,76,1', '--outdir', dir, join(dir, 'a.xlsx')], { stdio: 'ignore', timeout: 50_000 })
    return csv(readFileSync(join(dir, 'a.csv'), 'utf8'))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
