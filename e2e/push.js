// A push service and the browser that it brings messages to: it checks who sends (VAPID, RFC 8292) and opens what only the browser
// can open (RFC 8291), with keys that a browser would have made.
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { join } from 'node:path'

export async function pushService() {
  const ecdh = createECDH('prime256v1')
  const p256dh = ecdh.generateKeys()
  const auth = randomBytes(16)
  const asked = [] // {status, note, key} or {problem} of each message
  let status = 201
  const file = (name) => readFileSync(join(process.env.BANLANG_DATA, name))
  const server = createServer({ key: file('e2e-push.key'), cert: file('e2e-push.crt') }, async (request, answer) => {
    const parts = []
    for await (const part of request) parts.push(part)
    try {
      const key = signer(request)
      const note = JSON.parse(open(Buffer.concat(parts)))
      asked.push({ status, note, key, ttl: Number(request.headers.ttl) })
      answer.writeHead(status).end()
    } catch (err) {
      asked.push({ problem: String(err) })
      answer.writeHead(400).end()
    }
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const origin = `https://127.0.0.1:${server.address().port}`

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

  // open reads one record of aes128gcm.
  function open(body) {
    const salt = body.subarray(0, 16)
    const theirs = body.subarray(21, 21 + body[20])
    const sealed = body.subarray(21 + body[20])
    const derive = (secret, with_, info, n) => Buffer.from(hkdfSync('sha256', secret, with_, info, n))
    const ikm = derive(ecdh.computeSecret(theirs), auth, Buffer.concat([Buffer.from('WebPush: info\0'), p256dh, theirs]), 32)
    const cipher = createDecipheriv('aes-128-gcm', derive(ikm, salt, 'Content-Encoding: aes128gcm\0', 16), derive(ikm, salt, 'Content-Encoding: nonce\0', 12))
    cipher.setAuthTag(sealed.subarray(-16))
    const plain = Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()])
    return plain.subarray(0, plain.lastIndexOf(2)).toString() // 2 ends the text, zeros may follow
  }

  return {
    subscription: { endpoint: `${origin}/send/may-thu`, keys: { p256dh: p256dh.toString('base64url'), auth: auth.toString('base64url') } },
    asked,
    answer: (code) => { status = code },
    close: () => { server.closeAllConnections(); server.close() },
  }
}
