// measure.mjs BASE LINK [MODEL]: how fast the console is, in Chromium, against a running box with the engine of the tests. Prints
// figures as JSON, each the best of several runs: no test waits for them (docs/console.md).
import { chromiumPath, open, setPassword } from './browser.mjs'

const [base, link] = process.argv.slice(2)
if (!chromiumPath) {
  console.log('skipped: there is no Chromium')
  process.exit(77)
}
const runs = 3, turns = 1000, seconds = 5
const { browser, context, page } = await open()
page.setDefaultTimeout(60_000)
await setPassword(page, link, 'correct horse battery 9')
await page.getByRole('button', { name: 'Ask the first question' }).waitFor()
await page.evaluate(() => localStorage.setItem('cofre.pick', 'echo'))
const best = async (times, measure, better) => {
  const found = []
  for (let i = 0; i < times; ++i) found.push(await measure())
  return found.sort(better)[0]
}
const least = (a, b) => a - b
const rounded = (value) => Math.round(value * 10) / 10

/** From the beginning of the navigation until one can write, nothing in the browser's cache. */
const interactive = () =>
  best(
    2 * runs,
    async () => {
      const fresh = await context.newPage()
      const cdp = await context.newCDPSession(fresh)
      await cdp.send('Network.setCacheDisabled', { cacheDisabled: true })
      await fresh.addInitScript(() => {
        const look = () => (document.querySelector('textarea:not([disabled])') ? (window.ready = performance.now()) : requestAnimationFrame(look))
        requestAnimationFrame(look)
      })
      await fresh.goto(`${base}/console/chat`)
      const ms = await (await fresh.waitForFunction(() => window.ready)).jsonValue()
      await fresh.close()
      return ms
    },
    least,
  )

/** A chat of 2 × turns messages of the kinds that there are, made as the page makes them. */
const longChat = () =>
  page.evaluate(async (count) => {
    const { csrf_token } = await (await fetch('/admin/v1/session')).json()
    const ask = async (method, path, body) => (await fetch(path, { method, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }, body: body && JSON.stringify(body) })).json()
    const chat = await ask('POST', '/console/v1/chats', { model: 'echo', title: 'long' })
    const texts = [
      'A question of two lines,\nand its answer.',
      '## A heading\n\n- one\n- two **bold** and `code`\n\n| a | b |\n|---|---|\n| 1 | 2 |',
      'A longer paragraph. '.repeat(30),
      '```python\ndef f(x):\n    return x * 2\n```',
    ]
    for (let i = 0; i < count; ++i) {
      const turn = await ask('POST', `/console/v1/chats/${chat.id}/messages`, { text: `${i}: ${texts[i % texts.length]}` })
      if (!turn.answer) throw new Error(JSON.stringify(turn))
      while (['queued', 'in_progress'].includes((await ask('GET', `/v1/responses/${turn.answer.response}`)).status)) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return chat.id
  }, turns)

/** Frames a second while something goes on in the page. */
const framesWhile = (deed, of) =>
  page.evaluate(
    async ([what, most]) => {
      const list = document.querySelector('.chat-list')
      let frames = 0
      const began = performance.now()
      await new Promise((resolve) => {
        const next = (now) => {
          frames += 1
          if (what === 'scroll') list.scrollTop += (Math.floor((now - began) / 1000) % 2 === 0 ? -1 : 1) * 400
          if (now - began < most * 1000) requestAnimationFrame(next)
          else resolve()
        }
        requestAnimationFrame(next)
      })
      return (frames - 1) / ((performance.now() - began) / 1000)
    },
    [deed, of],
  )

const cdp = await context.newCDPSession(page)
await cdp.send('Performance.enable')
const taskSeconds = async () => (await cdp.send('Performance.getMetrics')).metrics.find((one) => one.name === 'TaskDuration').value

/** While 100 tokens a second come: frames a second, and the share of a core that the renderer's tasks take. */
let streams = 0
async function stream() {
  const name = `s${++streams}w`
  const words = Array.from({ length: 100 * (seconds + 4) }, (_, i) => `${name}${i}`).join(' ')
  await page.getByPlaceholder('Write a message').fill(`quick ${words}`)
  await page.getByPlaceholder('Write a message').press('Enter')
  await page.locator('article.msg-answer').last().filter({ hasText: `${name}80 ` }).waitFor()
  const shown = () => page.evaluate((one) => [...document.querySelectorAll('article.msg-answer')].at(-1).textContent.split(one).length, name)
  const before = await taskSeconds(), from = await shown(), began = performance.now()
  const frames = await framesWhile('nothing', seconds)
  const took = (performance.now() - began) / 1000
  const share = ((await taskSeconds()) - before) / took
  const rate = ((await shown()) - from) / took
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' })
  return { frames, share, rate }
}
const byShare = (a, b) => a.share - b.share
const streamed = ({ frames, share, rate }) => ({ frames_per_s: rounded(frames), core_percent: rounded(100 * share), tokens_per_s: rounded(rate) })

const figures = { interactive_ms: Math.round(await interactive()) }
await page.goto(`${base}/console/chat`)
figures.stream_short = streamed(await best(runs, stream, byShare))
const chat = await longChat()
await page.goto(`${base}/console/chat/${chat}`)
await page.locator('article.msg-answer').first().waitFor()
const earlier = page.getByRole('button', { name: 'Earlier messages' })
while ((await page.locator('article.msg').count()) < 2 * turns) {
  const before = await page.locator('article.msg').count()
  await earlier.click()
  await page.waitForFunction((count) => document.querySelectorAll('article.msg').length > count, before)
}
figures.messages = await page.locator('article.msg').count()
figures.scroll_frames_per_s = rounded(await best(runs, () => framesWhile('scroll', 4), (a, b) => b - a))
await page.evaluate(() => document.querySelector('.chat-list').scrollTo({ top: 1e9 }))
figures.stream_long = streamed(await best(runs, stream, byShare))
console.log(JSON.stringify(figures, null, 1))
await browser.close()
