// run.mjs BASE LINK MODEL FETCHED [COMPANY]: everything that people do with the console, in Chromium, against a running box. LINK is the first
// administrator's, MODEL a GGUF file that is served already, FETCHED the file of the catalogue's slow-to-come once it is there, COMPANY a folder with
// an authority whose certificates the box takes (tests/company.py). Each step goes on where the one before ended; prints what failed, exits with the number of it.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import https from 'node:https'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import OpenAI from 'openai'
import { chromiumPath, open, setPassword, signIn, totp } from './browser.mjs'
import { payloads } from './payloads.mjs'

const [base, link, model, fetched, company] = process.argv.slice(2)
if (!chromiumPath) {
  console.log('skipped: there is no Chromium')
  process.exit(77)
}
const password = 'correct horse battery 9'
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const { browser, context, page, wrong, asked } = await open()

let failures = 0
async function step(name, deed) {
  const began = performance.now()
  try {
    await deed()
    console.log(`ok ${((performance.now() - began) / 1000).toFixed(1)} s: ${name}`)
  } catch (error) {
    failures += 1
    console.log(`FAILED ${name}: ${error instanceof Error ? error.message : error}\n  at ${page.url()}`)
    if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/failed-${failures}.png` })
    // A dialog that was left open would make all that follows fail too.
    await page.keyboard.press('Escape')
  }
}
function expect(is, what) {
  if (!is) throw new Error(`expected: ${what}`)
}
const go = (to) => page.goto(`${base}/console/${to}`)
/** With a key, as a program has it: outside of the browser. */
const program = (key, path, body) => context.request.fetch(`${base}${path}`, { method: body ? 'POST' : 'GET', headers: { Authorization: `Bearer ${key}` }, data: body })

/** As the page itself asks, with its session: what the test only prepares. */
const asSession = (method, path, body) =>
  page.evaluate(
    async ([how, where, what]) => {
      const { csrf_token } = await (await fetch('/admin/v1/session')).json()
      const answer = await fetch(where, { method: how, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }, body: JSON.stringify(what) })
      return answer.json()
    },
    [method, path, body],
  )

const answered = () => page.locator('article.msg-answer[aria-busy=false] .msg-figures').filter({ hasText: /tokens?\/s|tokens?/ }).last()

await step('from the one-time link to the first answer', async () => {
  await setPassword(page, link, password)
  await page.getByRole('button', { name: 'Ask the first question' }).click()
  await answered().waitFor({ timeout: 60_000 })
  expect(!page.url().includes('#'), 'no secret in the address')
})

await step('the link works once', async () => {
  await go(`setup#${link.split('#')[1]}`)
  await page.reload() // an address that differs in its fragment alone loads nothing
  await page.goto('about:blank')
  await page.goto(link)
  await page.getByLabel('New password').fill(password)
  await page.getByLabel('The same again').fill(password)
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByRole('alert').first().waitFor()
})

await step('signing out and in again, a wrong password refused', async () => {
  await go('chat')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.locator('#name').waitFor()
  await signIn(page, base, 'admin', 'wrong horse battery')
  await page.getByText('Name, password or code is wrong.').waitFor()
  await signIn(page, base, 'admin', password)
  await page.getByPlaceholder('Write a message').waitFor()
})

/** The engine that answers with the question: tests/echo_engine.py. */
const words = (count) => Array.from({ length: count }, (_, i) => `word${i}`).join(' ')
const say = async (text) => {
  await page.getByPlaceholder('Write a message').fill(text)
  await page.keyboard.press('Enter')
}
const lastAnswer = () => page.locator('article.msg-answer').last()
await page.evaluate(() => localStorage.setItem('cofre.pick', 'echo'))

await step('reloading in mid-answer goes on with it, nothing lost or twice', async () => {
  await go('chat')
  await say(`slow ${words(100)}`)
  await lastAnswer().filter({ hasText: 'word9 ' }).waitFor()
  await page.reload()
  await page.locator('article.msg-answer[aria-busy=true]').filter({ hasText: 'word9 ' }).waitFor()
  await lastAnswer().filter({ hasText: 'tokens' }).filter({ hasText: 'word99' }).waitFor()
  expect((await lastAnswer().locator('.md').innerText()).trim() === `slow ${words(100)}`, 'the whole answer, once')
})

await step('stopping keeps what was written', async () => {
  await say(`slow ${words(400)}`)
  await lastAnswer().filter({ hasText: 'word5 ' }).waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await lastAnswer().getByText('Stopped').waitFor()
  expect(!(await lastAnswer().innerText()).includes('word399'), 'less than all of it')
})

await step('editing makes a branch, and both are there', async () => {
  await go('chat')
  await say('first version')
  await lastAnswer().getByText('first version').waitFor()
  await page.getByRole('button', { name: 'Edit' }).last().click()
  await page.getByRole('textbox', { name: 'Edit' }).fill('second version')
  await page.getByRole('button', { name: 'Send as a new branch' }).click()
  await lastAnswer().getByText('second version').waitFor()
  await page.getByText('2 of 2').waitFor()
  await page.getByRole('button', { name: 'Previous version' }).last().click()
  await lastAnswer().getByText('first version').waitFor()
  await page.getByRole('button', { name: 'Answer again' }).last().click()
  await lastAnswer().getByText('2 of 2').waitFor()
})

await step('thoughts are folded', async () => {
  await go('chat')
  await say('think about it')
  await lastAnswer().getByText('Thoughts').click()
  await lastAnswer().getByText('Hm: think about it').waitFor()
})

await step('calls of tools are shown', async () => {
  const tools = [{ type: 'function', name: 'look_up', parameters: { type: 'object', properties: { what: { type: 'string' } } } }]
  const { id } = await asSession('POST', '/console/v1/chats', { model: 'echo', parameters: { tools } })
  await go(`chat/${id}`)
  await say('call Lisbon')
  await lastAnswer().getByText('look_up').click()
  await lastAnswer().locator('pre').getByText('Lisbon').waitFor()
})

await step('a chat is found by its words, put into a folder, deleted and taken back', async () => {
  const row = page.locator('.history-row').filter({ hasText: 'think about it' })
  await page.getByRole('searchbox', { name: 'Search chats' }).fill('version')
  await page.locator('.history-row').filter({ hasText: 'first version' }).waitFor()
  await row.waitFor({ state: 'detached' })
  await page.getByRole('searchbox', { name: 'Search chats' }).fill('')
  await row.getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Move to a folder' }).click()
  await page.getByRole('dialog').getByLabel('Folder').fill('ideas')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByRole('combobox', { name: 'Folder' }).waitFor()
  await row.getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await row.waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await row.waitFor()
})

await step('an assistant is made, and answers in a chat', async () => {
  await go('assistants')
  await page.getByRole('button', { name: 'Create an assistant' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title').fill('Contracts')
  await dialog.getByLabel('API name').fill('contracts')
  await dialog.getByLabel('System prompt').fill('You read contracts.')
  await dialog.getByLabel('Starters').fill('Check this clause:')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await page.getByText('assistant:contracts').waitFor()
  await page.getByRole('button', { name: 'Start a chat' }).click()
  await page.getByRole('button', { name: 'Check this clause:' }).waitFor()
  await page.getByRole('heading', { name: 'Contracts' }).waitFor()
})

await step('the playground binds an answer to fields, shows probabilities, and programs that ask the same', async () => {
  await go('playground')
  for (const [name, kind] of [['known', 'Yes or no'], ['size', 'One of']]) {
    await page.getByRole('button', { name: 'Add a field' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
    await page.getByRole('combobox', { name: `Kind: ${name}` }).click()
    await page.locator('.ant-select-item-option').filter({ hasText: kind, visible: true }).click()
  }
  await page.getByRole('textbox', { name: 'Values, one a line: size' }).fill('small\nlarge')
  await page.getByRole('switch', { name: 'Probabilities' }).click()
  await page.getByRole('button', { name: 'Ask' }).click()
  const tokens = page.locator('.play-result[aria-busy=false] .tokens')
  await tokens.waitFor({ timeout: 60_000 })
  expect(['small', 'large'].includes(JSON.parse(await tokens.innerText()).size), 'an answer of these fields')
  await page.locator('.ant-segmented').getByText('JSON Schema', { exact: true }).click()
  expect(JSON.parse(await page.getByRole('textbox', { name: 'JSON Schema of the answer' }).inputValue()).required.join() === 'known,size', 'the schema as text')
  await page.getByRole('tab', { name: 'Code' }).click()
  await page.getByText('$COFRE_KEY').waitFor()
  const made = await asSession('POST', '/admin/v1/me/keys', { name: 'programs' })
  const environment = { ...process.env, COFRE_KEY: made.key, NODE_NO_WARNINGS: '1' }
  const code = async (tongue) => {
    await page.locator('.play-result .ant-segmented').getByText(tongue, { exact: true }).click()
    return page.locator('.play-result pre').filter({ visible: true }).last().innerText()
  }
  const curl = (await code('curl')).replace('ca.pem', process.env.NODE_EXTRA_CA_CERTS)
  expect(JSON.parse(JSON.parse(execFileSync('bash', ['-c', curl], { env: environment, stdio: 'pipe' })).choices[0].message.content).size, 'curl has an answer of these fields')
  const script = await code('JavaScript')
  expect(JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', script], { env: environment, stdio: 'pipe' })).size, 'the official client has one')
})

await step('two models answer the same question side by side', async () => {
  await go('playground')
  await page.getByRole('combobox', { name: 'Models, at most two' }).click()
  await page.locator('.ant-select-item-option').filter({ hasText: /^echo$/, visible: true }).click()
  await page.getByRole('textbox', { name: 'Prompt', exact: true }).fill('Hello there')
  await page.getByRole('button', { name: 'Ask' }).click()
  for (const model of ['echo', 'smollm2-135m']) {
    const result = page.locator('.play-result').filter({ hasText: model })
    await result.getByText(/\d tokens?/).waitFor({ timeout: 60_000 })
    await result.getByRole('tab', { name: 'Request' }).click()
    await result.getByText('Hello there').filter({ visible: true }).first().waitFor()
  }
})

await step('the overview shows what happens now', async () => {
  await go('admin/overview')
  const chart = (title) => page.locator('.chart').filter({ hasText: title })
  await chart('Memory').getByText(/[1-9].* [MG]iB/).waitFor()
  await asSession('POST', '/v1/chat/completions', { model: 'echo', messages: [{ role: 'user', content: 'Hello' }] })
  await chart('First token after').getByText(/\d m?s/).waitFor()
})

const names = { department: 'research', user: 'wang', service: 'reports', key: 'reports-key' }
let key = '', memberLink = ''

await step('a department, a user with a link', async () => {
  await go('admin/departments')
  await page.getByRole('button', { name: 'Create a department' }).first().click()
  await page.getByRole('dialog').getByLabel('Name').fill(names.department)
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await page.getByRole('cell', { name: names.department, exact: true }).waitFor()
  await go('admin/users')
  await page.getByRole('button', { name: 'Create a user' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name', { exact: true }).fill(names.user)
  await dialog.getByRole('button', { name: 'Create' }).click()
  await page.getByText(/\/setup#/).waitFor()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('cell', { name: names.user, exact: true }).waitFor()
})

await step('users of a table are made together, each with a link', async () => {
  await page.getByRole('button', { name: 'Import a table' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('CSV', { exact: true }).fill('name,label,department\nomar,Omar,research\nwang,Again,research\n')
  await dialog.getByRole('button', { name: 'Make these users' }).click()
  await dialog.getByRole('alert').filter({ hasText: 'line 3' }).waitFor()
  await dialog.getByLabel('A CSV file').setInputFiles({ name: 'people.csv', mimeType: 'text/csv', buffer: Buffer.from('name,label,department\nomar,Omar,research\nlin,林,research\n') })
  await page.waitForFunction(() => document.querySelector('textarea[aria-label=CSV]').value.includes('lin'))
  await dialog.getByRole('button', { name: 'Make these users' }).click()
  await dialog.getByText(/2 users are made/).waitFor()
  const links = (await dialog.locator('.secret').innerText()).match(/https:\S+\/setup#\S+/g)
  expect(links.length === 2, 'two links')
  memberLink = links[0]
  await dialog.getByRole('button', { name: 'Close' }).last().click()
  await page.getByRole('cell', { name: 'lin · 林' }).waitFor()
})

await step('a chat is shared with the department, and not any more', async () => {
  const me = (await asSession('GET', '/admin/v1/me')).user
  await asSession('PATCH', `/admin/v1/users/${me.id}`, { department: names.department })
  await go('chat')
  const row = page.locator('.history-row').filter({ hasText: 'think about it' })
  await row.getByRole('button').click()
  await page.getByRole('menuitem', { name: 'Share with my department' }).click()
  await page.getByText(`Members of ${names.department}`).waitFor()
  const shared = await page.evaluate(() => navigator.clipboard.readText())
  await page.goto(shared)
  await page.getByText(/Shared by/).waitFor()
  await page.locator('article.msg-answer').filter({ hasText: 'think about it' }).waitFor()
  await go('chat')
  await row.getByRole('button').click()
  await page.getByRole('menuitem', { name: 'End the link' }).click()
  await page.getByText('The link shows nothing any more').waitFor()
  await page.goto(shared)
  await page.getByRole('alert').waitFor()
})

await step('a service account and its key, which asks a model', async () => {
  await go('admin/users')
  await page.getByText('Service accounts').click()
  await page.getByRole('button', { name: 'Create a service account' }).first().click()
  await page.getByRole('dialog').getByLabel('Name', { exact: true }).fill(names.service)
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await page.getByRole('cell', { name: names.service, exact: true }).waitFor()
  await go('admin/keys')
  await page.getByRole('button', { name: 'Create a key' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Owner').click()
  await page.getByTitle(names.service).last().waitFor()
  await page.keyboard.press('Enter')
  await dialog.getByLabel('Name', { exact: true }).fill(names.key)
  await dialog.getByRole('button', { name: 'Create' }).click()
  key = (await page.getByText(/^cofre_[\w-]{20,}/).innerText()).trim()
  const answer = await program(key, '/v1/chat/completions', { model: 'default', max_tokens: 4, messages: [{ role: 'user', content: 'Hello' }] })
  expect(answer.status() === 200, `200, not ${answer.status()}`)
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
})

await step('the key, revoked by its name, is refused', async () => {
  await page.getByRole('button', { name: `Revoke: ${names.key}` }).click()
  const revoke = page.getByRole('dialog').getByRole('button', { name: 'Revoke' })
  expect(await revoke.isDisabled(), 'no revoking before the name is typed')
  await page.getByRole('dialog').getByRole('textbox').fill(names.key)
  await revoke.click()
  await page.getByRole('cell', { name: names.key, exact: true }).waitFor({ state: 'detached' })
  expect((await program(key, '/v1/models')).status() === 401, 'the key is refused')
})

await step('the official client loses its stream when its key is revoked in the page', async () => {
  await go('me')
  await page.getByRole('button', { name: 'Create a key' }).first().click()
  await page.getByRole('dialog').getByLabel('Name').fill('streaming')
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  const made = (await page.getByText(/^cofre_[\w-]{20,}/).innerText()).trim()
  await page.getByRole('dialog').getByRole('button', { name: 'Close' }).last().click()
  const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: made, maxRetries: 0 })
  const stream = await client.chat.completions.create({ model: 'echo', stream: true, messages: [{ role: 'user', content: `slow ${words(500)}` }] })
  let text = '', ended
  const reading = (async () => {
    for await (const piece of stream) text += piece.choices[0]?.delta.content ?? ''
  })().catch((error) => (ended = error))
  await page.getByRole('row').filter({ hasText: 'streaming' }).getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('textbox').fill('streaming')
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await reading
  expect(text.startsWith('slow word0') && !text.includes('word499'), 'the beginning of the answer, not its end')
  expect(ended instanceof OpenAI.APIError, `an error of the client, not ${ended}`)
  const again = await client.models.list().catch((error) => error)
  expect(again instanceof OpenAI.AuthenticationError, `the key refused, not ${again}`)
})

await step('who reaches a quota is told which, and it is removed and taken back', async () => {
  await go('admin/quotas')
  await page.getByRole('button', { name: 'Set a quota' }).first().click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('combobox', { name: 'Of', exact: true }).click()
  await page.getByTitle('The whole box').last().waitFor()
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await dialog.getByRole('combobox', { name: 'What', exact: true }).click()
  await page.getByTitle('Requests', { exact: true }).last().waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await dialog.getByLabel('At most').fill('0')
  await dialog.getByRole('button', { name: 'Create' }).click()
  await page.getByRole('cell', { name: 'The whole box' }).waitFor()
  await go('chat')
  await say('hello')
  await page.getByText(/quota/i).first().waitFor()
  await go('admin/quotas')
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No quotas yet').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('cell', { name: 'The whole box' }).waitFor()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No quotas yet').waitFor()
})

const row = (text) => page.getByRole('row').filter({ hasText: text }).first()
const menu = async (name, item) => {
  await page.getByRole('button', { name: `More: ${name}`, exact: true }).click()
  await page.getByRole('menuitem', { name: item, exact: true }).click()
}
const dialog = () => page.getByRole('dialog').last()

await step('a model is imported by upload, started, measured, stopped and removed', async () => {
  await go('admin/models')
  const send = async (file, name) => {
    await page.getByRole('button', { name: 'Import a model' }).click()
    await dialog().getByLabel('Model file').setInputFiles(file)
    await dialog().getByLabel('Name').fill(name)
    await dialog().getByRole('button', { name: 'Import', exact: true }).click()
    await dialog().waitFor({ state: 'hidden', timeout: 60_000 })
  }
  await send({ name: 'broken.gguf', mimeType: 'application/octet-stream', buffer: Buffer.from('no model at all') }, 'broken')
  await page.getByRole('listitem').filter({ hasText: 'Import of broken' }).getByText('Failed').waitFor()
  await send(model, 'spare')
  await page.getByRole('listitem').filter({ hasText: 'Import of spare' }).getByText('Done').waitFor({ timeout: 60_000 })
  await row('spare').getByText('Idle').waitFor()
  await menu('spare', 'Start')
  await row('spare').getByText('Ready').waitFor({ timeout: 60_000 })
  await menu('spare', 'Measure its speed')
  await page.getByRole('table').filter({ hasText: 'Writing answers' }).getByText(/tokens\/s/).first().waitFor({ timeout: 60_000 })
  await menu('spare', 'Stop')
  await row('spare').getByText('Idle').waitFor()
  await menu('spare', 'Remove')
  await dialog().getByRole('textbox').fill('spare')
  await dialog().getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'More: spare' }).waitFor({ state: 'detached' })
})

await step('a model is fetched: its progress shown, cancelled, gone on with where it was', async () => {
  const jobs = page.getByRole('listitem').filter({ hasText: 'Fetching slow-to-come' })
  const running = jobs.filter({ hasText: 'Running' })
  const begin = async () => {
    await page.getByRole('button', { name: 'Fetch: slow-to-come' }).click()
    await running.getByText(/[1-9][\d.]* KiB of [\d.]+ KiB/).waitFor()
    return Number(await running.getByRole('progressbar').getAttribute('aria-valuenow'))
  }
  const first = await begin()
  await page.waitForFunction((before) => Number(document.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')) > before, first)
  await running.getByRole('button', { name: 'Cancel' }).click()
  await jobs.filter({ hasText: 'Cancelled' }).getByText(/have arrived and are kept/).waitFor()
  const arrived = statSync(`${fetched}.part`).size
  expect(arrived > 0 && !existsSync(fetched), 'a part of the file, and nothing that passes for the whole')
  expect((await begin()) > first, 'more than at the first beginning')
  await jobs.filter({ hasText: 'Done' }).waitFor({ timeout: 30_000 })
  await page.getByRole('region', { name: 'Catalogue' }).getByRole('row').filter({ hasText: 'A model far away' }).getByText('Here already').waitFor()
  expect(statSync(fetched).size > arrived && !existsSync(`${fetched}.part`), 'the whole file')
})

await step('a model that nobody has is a job that fails, with its reason', async () => {
  await page.getByRole('button', { name: 'Fetch another model' }).click()
  await dialog().getByLabel('Model').fill('nobody-has-this')
  await dialog().getByRole('button', { name: 'Fetch' }).click()
  await page.getByRole('listitem').filter({ hasText: 'Fetching nobody-has-this' }).locator('.wrong').waitFor()
})

await step('another name of a model, with which programs ask', async () => {
  const made = await asSession('POST', '/admin/v1/me/keys', { name: 'names' })
  await page.getByRole('button', { name: 'Add a name' }).click()
  await dialog().getByLabel('Name').fill('small')
  await dialog().getByRole('combobox', { name: 'Model' }).click()
  await page.getByTitle('echo', { exact: true }).last().waitFor()
  await page.keyboard.press('Enter')
  await dialog().getByRole('button', { name: 'Create' }).click()
  await page.getByRole('listitem').filter({ hasText: 'small →' }).waitFor()
  const ask = async () => (await program(made.key, '/v1/chat/completions', { model: 'small', max_tokens: 2, messages: [{ role: 'user', content: 'Hello' }] })).status()
  expect((await ask()) === 200, 'an answer under the new name')
  await page.getByRole('button', { name: 'Remove: small' }).click()
  await page.getByText('small is no name of a model any more').waitFor()
  expect((await ask()) === 404, 'none after it is removed')
})

await step('a setting is changed and reset; what is wrong is refused at its place', async () => {
  await go('admin/settings')
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('body_mib')
  const setting = page.locator('.setting').filter({ hasText: 'body_mib' })
  await setting.getByRole('spinbutton').fill('9')
  await page.getByRole('button', { name: 'Save' }).click()
  await setting.getByText('Set here').waitFor()
  await setting.getByRole('button', { name: 'Reset' }).click()
  await setting.getByText('Default').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await setting.getByText('Set here').waitFor()
  await setting.getByRole('button', { name: 'Reset' }).click()
  await setting.getByText('Default').waitFor()
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('cors_origins')
  await page.locator('.setting').getByRole('textbox').fill('no address')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.setting').getByRole('alert').filter({ hasText: 'http' }).waitFor()
  await page.getByRole('button', { name: 'Discard' }).click()
})

await step('the box beside the cloud, once its cost is set', async () => {
  await go('admin/settings')
  await page.getByRole('searchbox', { name: 'Search settings' }).fill('costs.purchase')
  await page.locator('.setting').getByRole('spinbutton').fill('60000')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.locator('.setting').getByText('Set here').waitFor()
  await go('admin/usage')
  await page.getByRole('combobox', { name: 'Compare with a price' }).fill('qwen-plus')
  await page.keyboard.press('Enter')
  const even = page.getByRole('region', { name: 'The box beside the cloud' })
  await even.getByText('Break-even, tokens a month').waitFor()
  await even.getByText('At this use the cloud would cost less.').waitFor()
})

await step('a content rule refuses, its errors stand at their field, and it is taken back', async () => {
  await go('admin/rules')
  await page.getByRole('button', { name: 'Create a rule' }).first().click()
  await dialog().getByLabel('Name').fill('project')
  await dialog().getByLabel('Words').fill('Blue Heron\n蓝鹭')
  await dialog().getByLabel('Patterns').fill('(')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await dialog().locator('.ant-form-item').filter({ hasText: 'Patterns' }).getByText(/is wrong at/).waitFor()
  await dialog().getByLabel('Patterns').fill('')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await row('project').getByText('Refuse').waitFor()
  await go('chat')
  await say('tell me of blue heron')
  await page.getByText(/content|rule|project/i).filter({ visible: true }).first().waitFor()
  expect((await page.locator('article.msg-answer .md').filter({ hasText: 'blue heron' }).count()) === 0, 'no answer with it')
  await go('admin/rules')
  await page.getByRole('button', { name: 'Remove: project' }).click()
  await page.getByText('No content rules yet').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('button', { name: 'Remove: project' }).click()
  await page.getByText('No content rules yet').waitFor()
})

await step('a label stands before answers and in their header, is removed and put back', async () => {
  const made = await asSession('POST', '/admin/v1/me/keys', { name: 'labels' })
  const ask = async () => {
    const answer = await program(made.key, '/v1/chat/completions', { model: 'echo', messages: [{ role: 'user', content: 'Hello' }] })
    return { text: (await answer.json()).choices[0].message.content, header: answer.headers()['aigc'] }
  }
  await page.getByRole('button', { name: 'Set a label' }).click()
  await dialog().getByLabel('Before each answer').fill('[AI]')
  await dialog().getByLabel('Producer').fill('ACME')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await row('[AI]').getByText('ACME').waitFor()
  const labelled = await ask()
  expect(labelled.text.startsWith('[AI]') && labelled.header?.includes('ACME'), `a label, not ${JSON.stringify(labelled)}`)
  await row('[AI]').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No labels yet').waitFor()
  expect((await ask()).text === 'Hello', 'no label')
  await page.getByRole('alert').filter({ hasText: 'The label is removed' }).getByRole('button', { name: 'Undo' }).click()
  await row('[AI]').getByRole('button', { name: 'Remove' }).click()
  await page.getByText('No labels yet').waitFor()
})

await step('all of a person is exported, then erased by the name, with a certificate of it', async () => {
  await go('admin/users')
  const kept = async (deed) => {
    const [download] = await Promise.all([page.waitForEvent('download'), deed()])
    return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) }
  }
  const archive = await kept(() => menu('lin', 'Export all that is kept of them'))
  expect(archive.name.endsWith('.tar') && archive.bytes.includes('person.json') && archive.bytes.includes('林'), `an archive of the person, not ${archive.name}`)
  await menu('lin', 'Erase all that is kept of them')
  const erase = dialog().getByRole('button', { name: 'Erase' })
  expect(await erase.isDisabled(), 'no erasing before the name is typed')
  await dialog().getByRole('textbox').fill('lin')
  const certificate = await kept(() => erase.click())
  expect(certificate.name === 'erased-lin.json' && JSON.parse(certificate.bytes).signature, 'a signed certificate')
  await page.getByRole('cell', { name: 'lin · 林' }).waitFor({ state: 'detached' })
})

await step('a certificate stands for a service account until it is revoked', async () => {
  if (!company) return console.log('  skipped: there is no openssl')
  const [cert, own] = ['company.pem', 'company.key'].map((name) => readFileSync(join(company, name)))
  const shown = () => new Promise((resolve, reject) => https.get(`${base}/v1/models`, { cert, key: own, rejectUnauthorized: false, agent: false }, (answer) => resolve(answer.resume().statusCode)).on('error', reject))
  expect((await shown()) === 401, 'nobody before it is registered')
  await go('admin/client-certificates')
  await page.getByRole('button', { name: 'Register a certificate' }).first().click()
  await dialog().getByLabel('Certificate (PEM)').fill('nothing')
  await dialog().getByRole('combobox', { name: 'Owner' }).fill(names.service)
  await page.keyboard.press('Enter')
  await dialog().getByRole('button', { name: 'Register' }).click()
  await dialog().locator('.ant-form-item-explain-error').waitFor()
  await dialog().getByLabel('Certificate (PEM)').fill(String(cert))
  await dialog().getByLabel('Name').fill('reports-program')
  await dialog().getByRole('button', { name: 'Register' }).click()
  await row('reports-program').getByText(names.service, { exact: true }).waitFor()
  expect((await shown()) === 200, 'it asks in the name of the account')
  await page.getByRole('button', { name: 'Revoke: reports-program' }).click()
  await dialog().getByRole('textbox').fill('reports-program')
  await dialog().getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('No certificates yet').waitFor()
  expect((await shown()) === 401, 'nobody after it is revoked')
})

await step('how long chats are kept', async () => {
  await go('admin/retention')
  await page.getByRole('button', { name: 'Set a rule' }).first().click()
  await dialog().getByLabel('Days').fill('365')
  await dialog().getByRole('button', { name: 'Save' }).click()
  await row('Chats').getByText('365 days').waitFor()
  await page.getByRole('button', { name: 'Remove: Chats' }).click()
  await page.getByText('No rules yet').waitFor()
})

/** Who signed what the box shows to a new connection. */
const issuer = () =>
  new Promise((resolve, reject) => {
    const { hostname: host, port } = new URL(base)
    const socket = tls.connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().issuer.CN)
      socket.destroy()
    })
    socket.on('error', reject)
  })
/** As the company's authority does it. */
function signed(request) {
  const folder = mkdtempSync(join(tmpdir(), 'cofre-request-'))
  const [from, to] = ['request.pem', 'signed.pem'].map((name) => join(folder, name))
  writeFileSync(from, request)
  execFileSync('openssl', ['x509', '-req', '-in', from, '-out', to, '-days', '2', '-copy_extensions', 'copy', '-CA', join(company, 'company-ca.pem'), '-CAkey', join(company, 'company-ca.key')], { stdio: 'pipe' })
  const certificate = readFileSync(to, 'utf8')
  rmSync(folder, { recursive: true })
  return certificate
}

await step('the box shows a certificate that the company signs, and its own again; a wrong one is refused', async () => {
  await go('admin/certificates')
  await page.getByRole('button', { name: 'Request a certificate' }).click()
  await dialog().getByRole('button', { name: 'Make the request' }).click()
  await page.getByText('-----BEGIN CERTIFICATE REQUEST-----').waitFor()
  const request = await dialog().locator('pre').innerText()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Install a certificate' }).click()
  await dialog().getByLabel('Certificate (PEM)').fill('nothing')
  await dialog().getByRole('button', { name: 'Install' }).click()
  await dialog().locator('.wrong, .ant-form-item-explain-error').first().waitFor()
  if (company) {
    await dialog().getByLabel('Certificate (PEM)').fill(signed(request))
    await dialog().getByRole('button', { name: 'Install' }).click()
    await dialog().waitFor({ state: 'hidden' })
    const back = page.locator('.card').getByRole('button', { name: "Back to the box's own" })
    await back.waitFor()
    expect((await issuer()) === 'company', 'connections get it')
    const name = await page.locator('.card').first().locator('dd').first().innerText()
    await back.click()
    await dialog().getByRole('textbox').fill(name)
    await dialog().getByRole('button', { name: "Back to the box's own" }).click()
    await back.waitFor({ state: 'detached' })
    expect((await issuer()) !== 'company', 'connections get its own again')
  } else {
    await dialog().getByRole('button', { name: 'Cancel' }).click()
  }
  const authority = await context.request.get(`${base}/admin/v1/tls/authority`)
  expect((await authority.text()).includes('BEGIN CERTIFICATE'), 'the authority to download')
})

await step(`${payloads.length} hostile texts, as answers, titles, names: none runs`, async () => {
  await go('chat')
  for (let i = 0; i < payloads.length; i += 12) {
    await page.getByRole('button', { name: 'Stop' }).waitFor({ state: 'detached' })
    await say(payloads.slice(i, i + 12).join('\n\n'))
    await page.waitForFunction((count) => document.querySelectorAll('article.msg-answer[aria-busy=false]').length === count, i / 12 + 1)
  }
  for (const [i, text] of payloads.entries()) {
    if (i < 40) await asSession('POST', '/console/v1/chats', { title: text.slice(0, 180) })
    if (i % 8 === 0) await asSession('POST', '/console/v1/assistants', { name: `a${i}`, title: text.slice(0, 200), description: text, starters: [text.slice(0, 200)] })
    if (i % 8 === 1) await asSession('POST', '/admin/v1/users', { name: `u${i}`, label: text.slice(0, 64) })
    if (i % 8 === 2) await asSession('POST', '/admin/v1/departments', { name: text.replaceAll(/[^ -~]/g, '').trim().slice(0, 60) })
    if (i % 40 === 3) await asSession('POST', '/v1/chat/completions', { model: text, messages: [] })
    if (i % 60 === 4) await asSession('POST', '/admin/v1/models/pull', { model: text.slice(0, 200) })
  }
  const said = page.url().split('/console/')[1]
  for (const [where, opener, field] of [['admin/models', 'Import a model', 'Model file'], ['admin/users', 'Import a table', 'A CSV file']]) {
    await go(where)
    await page.getByRole('button', { name: opener }).click()
    for (const text of payloads.filter((_, i) => i % 12 === 4)) {
      const name = text.replaceAll(/[/\0\r\n]/g, ' ').slice(0, 120)
      await dialog().getByLabel(field, { exact: true }).setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from('name\n') })
      await dialog().getByText(`${name} · 5 B`.replaceAll(/ +/g, ' ').trim()).waitFor()
      expect((await page.evaluate(() => window.ran)) === undefined, 'nothing ran of a name of a file')
    }
  }
  // The box serves a model from a file of such a name, too: tests/console_test.py.
  await go('chat')
  await page.getByRole('combobox', { name: 'Model' }).click()
  await page.getByTitle('<img').last().waitFor()
  await page.keyboard.press('Escape')
  for (const one of [said, 'assistants', 'playground', 'admin/overview', 'admin/models', 'admin/users', 'admin/departments', 'admin/audit']) {
    await go(one)
    await page.locator('main .page, main .chat').first().waitFor()
    await page.waitForFunction(() => !document.querySelector('.waiting'))
    await page.waitForTimeout(400) // what loads or runs late: formulas, colours
    expect((await page.evaluate(() => window.ran)) === undefined, `nothing ran on ${one}`)
    expect((await page.locator('#root :is(script, iframe, object, embed, form[action], link, base, img, video, audio, style)').count()) === 0, `no such elements on ${one}`)
  }
})

await step('the audit trail tells of it and is whole', async () => {
  await go('admin/audit')
  await page.getByRole('searchbox', { name: 'Action' }).fill('key.revoke')
  await page.keyboard.press('Enter')
  await page.getByRole('cell', { name: 'key.revoke', exact: true }).first().waitFor()
  const numbers = async () => (await page.locator('.ant-table-row > td.num:nth-child(2)').allInnerTexts()).map(Number)
  await go('admin/audit')
  await page.getByRole('button', { name: 'Load more' }).click()
  await page.waitForFunction(() => document.querySelectorAll('.ant-table-row').length > 200)
  const seen = await numbers()
  expect(seen.every((number, i) => i === 0 || number === seen[i - 1] - 1), `the newest first, none twice, none left out, not ${seen.slice(0, 5)}`)
  await page.getByRole('button', { name: 'Verify' }).click()
  await page.getByText(/Nothing was changed: [\d,]+ records checked/).waitFor({ timeout: 30_000 })
})

const pages = ['chat', 'assistants', 'playground', 'me', 'admin/overview', 'admin/models', 'admin/engines', 'admin/users', 'admin/departments', 'admin/keys', 'admin/client-certificates', 'admin/quotas', 'admin/usage', 'admin/retention', 'admin/rules', 'admin/audit', 'admin/sessions', 'admin/tenants', 'admin/settings', 'admin/certificates']

await step('no page has a serious fault for who uses a screen reader, in both themes, nor lies beside the screen of a phone', async () => {
  const found = []
  for (const [theme, width, height] of [['light', 1440, 900], ['dark', 390, 844]]) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    await page.setViewportSize({ width, height })
    for (const one of pages) {
      await go(one)
      await page.locator('main .page, main .chat').first().waitFor()
      await page.waitForFunction(() => !document.querySelector('.waiting'))
      const wide = await page.evaluate(() => document.documentElement.scrollWidth)
      if (wide > width) found.push(`${one} is ${wide} wide on ${width}`)
      await page.evaluate(axe)
      const { violations } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations'] }))
      for (const { id, impact, nodes } of violations) {
        if (impact === 'serious' || impact === 'critical') found.push(`${theme} ${one}: ${id}: ${nodes.slice(0, 2).map((node) => `${node.html.slice(0, 140)} ${node.any[0]?.message ?? ''}`).join(' | ')}`)
      }
    }
  }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' })
  await page.setViewportSize({ width: 1440, height: 900 })
  expect(found.length === 0, `none, but\n  ${found.join('\n  ')}`)
})

await step('three languages, and nothing of another in them', async () => {
  const heads = { zh: '用户', pt: 'Usuários', en: 'Users' }
  for (const [language, head] of Object.entries(heads)) {
    await page.evaluate((name) => localStorage.setItem('cofre.language', name), language)
    await go('admin/users')
    await page.getByRole('heading', { name: head }).waitFor()
  }
})

await step('the first load is at most 350 KB', async () => {
  // A context of its own has nothing in its cache.
  const empty = await browser.newContext({ ignoreHTTPSErrors: true, storageState: await context.storageState() })
  const fresh = await empty.newPage()
  const sizes = []
  fresh.on('response', (response) => {
    const url = response.url()
    if (url.startsWith(`${base}/console/`) && !url.startsWith(`${base}/console/v1/`)) sizes.push(response.request().sizes().then((one) => one.responseBodySize))
  })
  await fresh.goto(`${base}/console/chat`)
  await fresh.getByPlaceholder('Write a message').waitFor()
  const bytes = (await Promise.all(sizes)).reduce((a, b) => a + b, 0)
  await empty.close()
  console.log(`  ${Math.round(bytes / 1024)} KiB`)
  expect(bytes > 0 && bytes <= 350_000, `350 KB, not ${bytes}`)
})

await step('a second factor: set up, asked for, a recovery code taken', async () => {
  await go('me')
  await page.getByRole('button', { name: 'Set up a second factor' }).click()
  await page.getByRole('dialog').getByLabel('Password').fill(password)
  await page.getByRole('dialog').getByRole('button', { name: 'Go on' }).click()
  const secret = (await page.getByRole('dialog').locator('.secret > span').innerText()).trim()
  await page.getByRole('dialog').getByLabel('Code from').fill(totp(secret))
  await page.getByRole('dialog').getByRole('button', { name: 'Put into use' }).click()
  const codes = (await page.getByRole('dialog').filter({ hasText: 'Recovery codes' }).locator('.secret > span').innerText()).trim().split(/\s+/)
  await page.getByRole('button', { name: 'I have kept them' }).click()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.locator('#name').waitFor()
  await signIn(page, base, 'admin', password)
  await page.locator('#code').fill(codes[0])
  await page.locator('button[type=submit]').click()
  await page.locator('.rail').waitFor()
})

/** Browsers make passkeys where they trust the certificate, for a name: run.mjs gets a HOME whose browser trusts the box. */
const byName = base.replace('127.0.0.1', 'localhost')
await step('a passkey is set up, signs in beside the password and alone, and is removed', async () => {
  if (!process.env.TRUSTED) return console.log('  skipped: there is no certutil')
  const trusting = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' })
  const other = await trusting.newPage()
  other.setDefaultTimeout(Number(process.env.PATIENCE ?? 8000))
  const cdp = await trusting.newCDPSession(other)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true } })
  const leave = async () => {
    await other.getByRole('button', { name: 'Sign out' }).click()
    await other.locator('#name').waitFor()
  }
  await setPassword(other, `${byName}/setup#${memberLink.split('#')[1]}`, password)
  await other.getByRole('button', { name: 'Ask the first question' }).waitFor()
  await other.goto(`${byName}/console/me`)
  await other.getByRole('button', { name: 'Set up a passkey' }).click()
  await other.getByRole('dialog').getByLabel('Name').fill('phone')
  await other.getByRole('dialog').getByLabel('Password').fill(password)
  await other.getByRole('dialog').getByRole('button', { name: 'Go on' }).click()
  await other.getByRole('button', { name: 'I have kept them' }).click()
  await other.getByRole('listitem').filter({ hasText: 'phone' }).getByText('localhost').waitFor()
  await leave()
  await signIn(other, byName, 'omar', password)
  await other.getByRole('button', { name: 'Use a passkey instead' }).click()
  await other.locator('.rail').waitFor()
  await leave()
  await other.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await other.locator('.rail').waitFor()
  await other.goto(`${byName}/console/me`)
  await other.getByRole('button', { name: 'Remove: phone' }).click()
  await other.getByRole('dialog').getByLabel('Password').fill(password)
  await other.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
  await other.getByRole('listitem').filter({ hasText: 'phone' }).waitFor({ state: 'detached' })
  await trusting.close()
})

const elsewhere = asked.filter((url) => !url.startsWith(base) && !/^(data|blob|about):/.test(url))
await step('nothing was asked of any other machine, and no script failed', () => {
  expect(elsewhere.length === 0, `no requests to ${[...new Set(elsewhere)]}`)
  expect(wrong.length === 0, `no errors, but ${wrong.slice(0, 3).join('\n')}`)
})

await browser.close()
process.exit(Math.min(failures, 70))
