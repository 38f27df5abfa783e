// Starts bin/banlang with its demonstration for the whole run, on the database that BANLANG_E2E_ENGINE names,
// in a folder of its own and on a free port. BANLANG_URL is its address, BANLANG_DATA its folder.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const binary = new URL('../bin/banlang', import.meta.url).pathname

export default async function setup() {
  if (process.env.BANLANG_URL) return // one that runs already, with its folder in BANLANG_DATA
  const server = await start(process.env.BANLANG_E2E_ENGINE ?? 'sqlite')
  process.env.BANLANG_URL = server.url
  process.env.BANLANG_DATA = server.data
  return server.stop
}

// start runs a demonstration and waits until it listens.
export async function start(engine) {
  const data = mkdtempSync(join(tmpdir(), 'banlang-e2e-'))
  // --proxy lets each person of a test come from an address of their own, so that limits on one address do not meet here.
  const args = ['demo', '--addr', '127.0.0.1:0', '--data', data, '--proxy']
  if (engine === 'postgres') args.push('--database', database())
  // A push service speaks https only: the server trusts the certificate of the one in push.js.
  const certificate = join(data, 'e2e-push.crt')
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
    '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', join(data, 'e2e-push.key'), '-out', certificate], { stdio: 'ignore' })
  const child = spawn(binary, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SSL_CERT_FILE: certificate } })
  const ended = new Promise((done) => child.once('exit', done))
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(data, { recursive: true, force: true })
  }
  let said = ''
  const url = await new Promise((found, fail) => {
    const late = setTimeout(() => fail(new Error(`banlang demo did not listen within 3 minutes:\n${said}`)), 180_000)
    const read = (chunk) => {
      said = (said + chunk).slice(-20_000)
      const line = said.match(/listening on (http:\/\/[\w.:]+)/)
      if (line) { clearTimeout(late); found(line[1]) }
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    ended.then((code) => { clearTimeout(late); fail(new Error(`banlang demo ended with ${code}:\n${said}`)) })
  }).catch(async (err) => { await stop(); throw err })
  return { url, data, stop }
}

// database makes an empty one on the server that scripts/with-postgres started.
function database() {
  const admin = process.env.BANLANG_TEST_POSTGRES
  if (!admin) throw new Error('BANLANG_TEST_POSTGRES is empty: run this through scripts/with-postgres')
  const name = `e2e_${process.pid}`
  execFileSync('psql', ['-q', admin, '-c', `CREATE DATABASE ${name}`])
  return admin.replace('/postgres?', `/${name}?`)
}
