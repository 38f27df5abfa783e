// A push service for a Chromium that subscribes, listens and opens what it gets by itself. It stands in for that of Chromium's maker,
// with the four doors that Chromium knows: it signs a device in (checkin), gives addresses (register), keeps a connection open over
// which messages come (MCS), and takes messages from senders, whose signature (VAPID, RFC 8292) it checks. What it brings stays sealed:
// only the browser has the keys.
import { createPublicKey, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { createServer as createConnection } from 'node:tls'

export async function pushService() {
  const file = (name) => readFileSync(join(process.env.BANLANG_DATA, name))
  const certificate = { key: file('e2e-push.key'), cert: file('e2e-push.crt') }
  const listen = async (server) => {
    await new Promise((done) => server.listen(0, '127.0.0.1', done))
    return `https://127.0.0.1:${server.address().port}`
  }
  const asked = [] // {status, key, ttl} or {problem} of each message
  const devices = new Set() // open connections
  let status = 201
  let app, sender // of the subscription: who is sent to, and whose messages are let through

  const doors = {
    // AndroidCheckinResponse: all well, and the numbers of the device.
    '/checkin': () => Buffer.concat([number(1, 1), number(3, Date.now()), fixed(7, 4112345678901234567n), fixed(8, 1234567890123456789n)]),
    '/register': (body) => {
      const form = new URLSearchParams(body.toString())
      if (form.has('X-subtype')) [app, sender] = [form.get('X-subtype'), form.get('sender')]
      return 'token=may-thu'
    },
    '/fcm/send/may-thu': (body, request) => {
      asked.push({ status, key: signer(request), ttl: Number(request.headers.ttl) })
      if (status === 201) for (const device of devices) device.write(packet(8, stanza(body)))
    },
  }
  const server = createServer(certificate, async (request, answer) => {
    const parts = []
    for await (const part of request) parts.push(part)
    try {
      const said = doors[request.url](Buffer.concat(parts), request)
      answer.writeHead(said ? 200 : status).end(said)
    } catch (err) {
      asked.push({ problem: String(err) })
      answer.writeHead(400).end()
    }
  })
  const origin = await listen(server)

  const mcs = createConnection(certificate, (device) => {
    let waiting = Buffer.alloc(0)
    let begun = false
    devices.add(device)
    device.on('close', () => devices.delete(device)).on('error', () => {})
    device.on('data', (data) => {
      waiting = Buffer.concat([waiting, data])
      if (!begun && waiting.length > 0) { // the version of the protocol comes before everything else
        begun = true
        waiting = waiting.subarray(1)
        device.write(Buffer.from([41]))
      }
      for (let p = unpacked(waiting); p; p = unpacked(waiting)) {
        waiting = p.rest
        if (p.tag === 2) device.write(packet(3, bytes(1, 'may-thu'))) // signed in
        if (p.tag === 0) device.write(packet(1, Buffer.alloc(0))) // still there
      }
    })
  })
  const connection = await listen(mcs)

  // signer is the key that the sender proved to have.
  function signer(request) {
    const [, token, key] = request.headers.authorization.match(/^vapid t=([\w.-]+), ?k=([\w-]+)$/)
    const [head, claims, signature] = token.split('.')
    const point = Buffer.from(key, 'base64url')
    const jwk = { kty: 'EC', crv: 'P-256', x: point.subarray(1, 33).toString('base64url'), y: point.subarray(33).toString('base64url') }
    const right = verify('sha256', Buffer.from(`${head}.${claims}`), { key: createPublicKey({ key: jwk, format: 'jwk' }), dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'))
    const { aud, exp } = JSON.parse(Buffer.from(claims, 'base64url'))
    if (!right || aud !== origin || exp * 1000 < Date.now()) throw new Error('the signature is not accepted')
    return key
  }

  // stanza is a message for the subscription, as it came: sealed.
  function stanza(body) {
    const about = (name, value) => bytes(7, Buffer.concat([bytes(1, name), bytes(2, value)]))
    return Buffer.concat([bytes(2, String(asked.length)), bytes(3, sender), bytes(5, 'org.chromium.linux'), about('subtype', app),
      about('content-encoding', 'aes128gcm'), bytes(9, `tin-${asked.length}`), number(17, 3600), number(18, Date.now()), bytes(21, body)])
  }

  return {
    origin,
    // What Chromium is started with to use this service.
    args: [`--gcm-checkin-url=${origin}/checkin`, `--gcm-registration-url=${origin}/register`, `--gcm-mcs-endpoint=${connection}`, '--ignore-certificate-errors'],
    asked,
    answer: (code) => { status = code },
    close: () => {
      for (const device of devices) device.destroy()
      mcs.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

// Protocol buffers: a whole number, one of 64 bits, bytes.
function varint(n) {
  const all = []
  for (n = BigInt(n); n > 127n; n >>= 7n) all.push(Number(n & 127n) | 128)
  return Buffer.from([...all, Number(n)])
}
const number = (field, n) => Buffer.concat([varint(field << 3), varint(n)])
function fixed(field, n) {
  const eight = Buffer.alloc(8)
  eight.writeBigUInt64LE(n)
  return Buffer.concat([varint((field << 3) | 1), eight])
}
const bytes = (field, value) => Buffer.concat([varint((field << 3) | 2), varint(Buffer.byteLength(value)), Buffer.from(value)])

// A packet of MCS is a tag, a length and a message.
const packet = (tag, message) => Buffer.concat([Buffer.from([tag]), varint(message.length), message])
function unpacked(data) {
  let size = 0
  for (let at = 1; at < data.length; at++) {
    size += (data[at] & 127) * 2 ** (7 * (at - 1))
    if (data[at] < 128) return data.length > at + size ? { tag: data[0], rest: data.subarray(at + 1 + size) } : null
  }
  return null
}
