// What the tests of the console share: a browser and the ways through its pages.
import { createHmac } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

export const chromiumPath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** A browser that trusts the box's authority no more than another: TLS is tested elsewhere. */
export async function open({ width = 1440, height = 900, theme = 'light', locale = 'en-US', ...more } = {}) {
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu'] })
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width, height }, colorScheme: theme, locale, reducedMotion: 'reduce', ...more })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  const page = await context.newPage()
  page.setDefaultTimeout(Number(process.env.PATIENCE ?? 8000))
  const wrong = [], asked = []
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('console', (message) => {
    // A refusal of the box is no fault of the page.
    if (message.type() === 'error' && !/status of (4\d\d|503)/.test(message.text())) wrong.push(message.text())
  })
  context.on('request', (request) => asked.push(request.url()))
  return { browser, context, page, wrong, asked }
}

export async function setPassword(page, link, password) {
  await page.goto(link)
  await page.getByLabel('New password').fill(password)
  await page.getByLabel('The same again').fill(password)
  await page.getByRole('button', { name: 'Set password' }).click()
}

export async function signIn(page, base, name, password) {
  await page.goto(`${base}/console/`)
  await page.locator('#name').fill(name)
  await page.locator('#password').fill(password)
  await page.locator('button[type=submit]').click()
}

/** RFC 6238, six digits, 30 s; `steps` on from now. */
export function totp(secret, steps = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const mac = createHmac('sha1', key).update(counter).digest()
  return String((mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
