// Lets this browser be sent news: the block data-push in a form. It asks for permission after a tap only, and stays hidden where the
// browser cannot, or where nothing is sent to browsers.
const block = document.querySelector('[data-push]')
if (block && navigator.serviceWorker && globalThis.PushManager && globalThis.Notification) {
  const offer = await fetch('/dang-ky/khoa', { headers: { Accept: 'application/json' } }).then((r) => r.ok ? r.json() : {}).catch(() => ({}))
  if (offer.key) show(block, offer)
}

function show(block, offer) {
  const form = block.closest('form')
  const button = block.querySelector('button')
  const status = block.querySelector('[role=status]')
  block.hidden = false
  button.addEventListener('click', async () => {
    const agreed = form.elements.agreed
    if (agreed && !agreed.reportValidity()) return
    button.disabled = true
    status.textContent = ''
    try {
      if (await Notification.requestPermission() !== 'granted') {
        status.textContent = offer.denied
        return
      }
      const problem = await join(block.dataset.push, await subscribe(offer.key), new FormData(form))
      status.textContent = problem || offer.done
      if (!problem) button.hidden = true
    } catch {
      status.textContent = offer.failed
    } finally {
      button.disabled = false
    }
  })
}

// subscribe gives the subscription of this browser for our key. One made for an older key is of no use any more.
async function subscribe(key) {
  const registration = await navigator.serviceWorker.register('/dang-ky/worker.js', { scope: '/dang-ky/' })
  await active(registration)
  const ours = Uint8Array.from(atob(key.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0))
  const old = await registration.pushManager.getSubscription()
  const theirs = old && new Uint8Array(old.options.applicationServerKey ?? [])
  if (old && theirs.length === ours.length && theirs.every((b, i) => b === ours[i])) return old
  await old?.unsubscribe()
  return registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: ours })
}

function active(registration) {
  const worker = registration.installing ?? registration.waiting
  if (registration.active || !worker) return undefined
  return new Promise((done) => worker.addEventListener('statechange', () => worker.state === 'activated' && done()))
}

// join sends the subscription with the wishes of the form, and gives what the server has against it.
async function join(address, subscription, form) {
  const all = (...names) => names.flatMap((n) => form.getAll(n)).filter(Boolean)
  const r = await fetch(address, {
    method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ subscription: subscription.toJSON(), place: form.get('place') ?? '', village: form.get('village') ?? '',
      heard: all('heard', 'more'), read: all('read'), topics: all('topics'), agreed: form.get('agreed') === 'yes' }),
  })
  return (await r.json()).problem
}
