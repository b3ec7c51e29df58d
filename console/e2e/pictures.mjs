// pictures.mjs BASE LINK MODEL FOLDER [PAGE…]: every page of the console as people see it, at two widths, in both themes and
// three languages: FOLDER/PAGE-WIDTH-THEME-LANGUAGE.png, and every dialog at two widths, in themes and languages by turns: FOLDER/dialog-NAME-….png;
// where PAGEs are named, these only; "dialogs" are all of them. MODEL is a GGUF file. For looking at; those that are kept are in docs/console.
import { open, setPassword } from './browser.mjs'
import { en } from '../src/i18n/en.ts'
import { pt } from '../src/i18n/pt.ts'
import { zh } from '../src/i18n/zh.ts'

const [base, link, model, folder, ...words] = process.argv.slice(2)
const { browser, page } = await open()
const password = 'correct horse battery 9'
const texts = { en, pt, zh }
const languages = Object.keys(texts)
const themes = ['light', 'dark']
const widths = { 1440: 900, 390: 844 }
const pages = {
  chat: 'chat',
  answer: '',
  assistants: 'assistants',
  playground: 'playground',
  me: 'me',
  overview: 'admin/overview',
  models: 'admin/models',
  engines: 'admin/engines',
  users: 'admin/users',
  departments: 'admin/departments',
  tenants: 'admin/tenants',
  keys: 'admin/keys',
  clients: 'admin/client-certificates',
  sessions: 'admin/sessions',
  quotas: 'admin/quotas',
  usage: 'admin/usage',
  retention: 'admin/retention',
  rules: 'admin/rules',
  audit: 'admin/audit',
  settings: 'admin/settings',
  certificates: 'admin/certificates',
}
const asSession = (method, path, body) =>
  page.evaluate(
    async ([how, where, what]) => {
      const { csrf_token } = await (await fetch('/admin/v1/session')).json()
      const answer = await fetch(where, { method: how, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf_token }, body: what && JSON.stringify(what) })
      return answer.json()
    },
    [method, path, body],
  )

const text = `## RAID 6

RAID 6 keeps **two** parity blocks a stripe, so any two disks may fail.

| | RAID 5 | RAID 6 |
|---|---:|---:|
| disks that may fail | 1 | 2 |
| usable of n disks | n − 1 | n − 2 |

\`\`\`python
def usable(disks: int, size_tb: float) -> float:
    """What is left for data."""
    return (disks - 2) * size_tb
\`\`\`

The second parity is $Q = \\sum_i g^i D_i$ over $GF(2^8)$.`

const rules = { rules: [{ name: 'project', do: 'mask', words: ['Blue Heron', '蓝鹭'] }, { name: 'cards', do: 'refuse', on: ['output'], patterns: ['\\b\\d{4}( ?\\d{4}){3}\\b'] }], labels: [{ visible: '[AI]', producer: 'ACME GmbH' }] }

/** A box that has been used a while, without anybody's name. */
async function furnish() {
  await asSession('POST', '/admin/v1/departments', { name: 'research' })
  await asSession('POST', '/admin/v1/departments', { name: 'sales' })
  for (const [name, label, roles] of [['ana', 'Ana Silva', ['user']], ['wang', '王芳', ['user', 'operator']], ['omar', 'Omar Haddad', ['user']]]) await asSession('POST', '/admin/v1/users', { name, label, roles, department: 'research' })
  const service = await asSession('POST', '/admin/v1/users', { name: 'reports', kind: 'service', scopes: ['inference'] })
  await asSession('POST', '/admin/v1/keys', { name: 'nightly', user: service.id })
  await asSession('POST', '/admin/v1/me/keys', { name: 'notebook' })
  await asSession('PUT', '/admin/v1/quotas', { department: 'research', metric: 'tokens', period: 'day', amount: 2_000_000 })
  await asSession('PUT', '/admin/v1/retention', { kind: 'chats', days: 365 })
  await asSession('PUT', '/admin/v1/rules', rules)
  await asSession('PATCH', '/admin/v1/settings', { set: { 'limits.requests_per_key': 40 }, aliases: { small: 'smollm2-135m' } })
  await asSession('PATCH', '/admin/v1/settings', { set: { 'costs.currency': 'CNY', 'costs.purchase': 60_000, 'costs.power_a_month': 300 } })
  await asSession('PUT', '/admin/v1/prices', { model: 'qwen-plus', since: '2026-01-01', currency: 'CNY', input: 0.8, output: 2, input_peak: 1.6, output_peak: 4 })
  await asSession('POST', '/console/v1/assistants', { name: 'contracts', title: 'Contracts', description: 'Reads contracts and says what to look at.', system_prompt: 'You read contracts.', starters: ['Check this clause:'] })
  for (const title of ['Draft for the supplier', '季度报告的摘要', 'Ideia de título']) await asSession('POST', '/console/v1/chats', { title })
  const elsewhere = await browser.newContext({ ignoreHTTPSErrors: true })
  await elsewhere.request.post(`${base}/admin/v1/session`, { data: { name: 'admin', password } })
  const chat = await asSession('POST', '/console/v1/chats', { model: 'echo' })
  await asSession('POST', `/console/v1/chats/${chat.id}/messages`, { text })
  pages.answer = `chat/${chat.id}`
  await page.goto(`${base}/console/admin/models`)
  await page.getByRole('button', { name: 'Import a model' }).click()
  await page.getByRole('dialog').getByLabel('Model file').setInputFiles(model)
  await page.getByRole('dialog').getByLabel('Name').fill('smollm2')
  await page.getByRole('dialog').getByRole('button', { name: 'Import', exact: true }).click()
  await page.getByRole('button', { name: 'More: smollm2', exact: true }).waitFor({ timeout: 120_000 })
  await asSession('POST', '/admin/v1/models/smollm2/bench')
  await page.getByRole('table').filter({ hasText: 'Writing answers' }).waitFor({ timeout: 120_000 })
}

await setPassword(page, link, password)
await page.getByRole('button', { name: 'Ask the first question' }).waitFor()
await furnish()
let t = (key) => en[key]
const look = async (language, theme, width) => {
  await page.evaluate((to) => localStorage.setItem('cofre.language', to), language)
  await page.emulateMedia({ media: 'screen', colorScheme: theme, reducedMotion: 'reduce' })
  await page.setViewportSize({ width: Number(width), height: widths[width] })
  t = (key) => texts[language][key]
}
const visit = async (to) => {
  await page.goto(`${base}/console/${to}`)
  await page.locator('main .page, main .chat').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('.waiting'))
}
const isWanted = (name, kind) => words.length === 0 || words.includes(name) || words.includes(kind)
/** Before the words may stand an icon's name. */
const button = (key) => page.getByRole('button', { name: new RegExp(`(^| )${t(key)}$`) }).filter({ visible: true }).first().click()
/** Of a row's menu. */
const menu = async (name, key) => {
  await page.getByRole('button', { name: `${t('action.more')}: ${name}`, exact: true }).first().click()
  if (key) await page.getByRole('menuitem', { name: t(key) }).click()
}
const rowButton = (key, name) => page.getByRole('button', { name: `${t(key)}: ${name}`, exact: true }).first().click()
/** Of the last row, and back: the next picture has it too. */
const rowRemove = async (name) => {
  await page.getByRole('button', { name: new RegExp(`^${name}`) }).last().click()
  await page.locator('.ant-notification-notice').waitFor()
  await page.screenshot({ path: `${folder}/removed-${page.viewportSize().width}.png` })
  await page.locator('.ant-notification-notice').getByRole('button', { name: t('action.undo') }).click()
}
/** The usage beside what a cloud would take for it. */
const compare = async () => {
  await page.getByRole('combobox', { name: t('usage.as') }).fill('qwen-plus')
  await page.keyboard.press('Enter')
  await page.locator('.ant-descriptions').waitFor()
}
/** An answer of two fields, with the probabilities of its tokens. */
const ask = async () => {
  await asSession('PUT', '/admin/v1/rules', { rules: [], labels: [] }) // under rules there are no probabilities
  for (const [name, kind] of [['urgent', 'schema.flag'], ['topic', 'schema.choice']]) {
    await button('schema.add')
    await page.getByRole('textbox', { name: t('people.name'), exact: true }).fill(name)
    await page.getByRole('combobox', { name: `${t('schema.kind')}: ${name}` }).click()
    await page.locator('.ant-select-item-option').filter({ hasText: t(kind), visible: true }).click()
  }
  await page.getByRole('textbox', { name: `${t('schema.choices')}: topic` }).fill('invoice\ncontract\nother')
  await page.getByRole('switch').click()
  await button('play.run')
  await page.locator('.play-result[aria-busy=false] .tokens').waitFor()
  await asSession('PUT', '/admin/v1/rules', rules)
  await page.locator('.page').first().evaluate((place) => place.scrollTo(0, 0))
}
/** So that the charts have something to show. */
const work = async () => {
  for (const max_tokens of [40, 90, 60]) await asSession('POST', '/v1/chat/completions', { model: 'smollm2-135m', max_tokens, ignore_eos: true, messages: [{ role: 'user', content: `${max_tokens} ${text}` }] })
  await page.waitForTimeout(2200) // figures come about every second
}
const history = async () => {
  const opener = page.locator('.chat-menu')
  if (await opener.isVisible()) await opener.click()
}
const dialogs = {
  'new-chat-settings': ['chat', () => button('settings.title')],
  history: ['chat', history],
  'chat-menu': ['chat', async () => (await history(), menu('Draft for the supplier'))],
  rename: ['chat', async () => (await history(), menu('Draft for the supplier', 'chat.rename'))],
  move: ['chat', async () => (await history(), menu('Draft for the supplier', 'chat.move'))],
  'delete-chat': ['chat', async () => (await history(), menu('Draft for the supplier', 'action.delete'))],
  picker: ['chat', () => page.locator('.chat-pick').click()],
  printed: [pages.answer, () => page.emulateMedia({ media: 'print' })],
  asked: ['playground', ask],
  assistant: ['assistants', () => button('assistant.create')],
  'assistant-delete': ['assistants', () => rowButton('action.delete', 'contracts')],
  'my-key': ['me', () => button('key.create')],
  'my-key-revoke': ['me', () => button('key.revoke')],
  factor: ['me', () => button('factor.set')],
  password: ['me', () => button('me.passwordChange')],
  'my-certificate': ['me', () => button('clientCert.addMine')],
  import: ['admin/models', () => button('models.import')],
  fetch: ['admin/models', () => button('models.other')],
  alias: ['admin/models', () => button('alias.create')],
  'model-menu': ['admin/models', () => menu('smollm2')],
  'model-remove': ['admin/models', () => menu('smollm2', 'models.remove')],
  fetching: ['admin/models', async () => {
    await rowButton('models.pull', 'slow-to-come')
    await page.getByRole('progressbar').waitFor()
    await page.getByRole('progressbar').scrollIntoViewIfNeeded()
    await page.screenshot({ path: `${folder}/fetching-${page.viewportSize().width}.png` })
    await page.getByRole('button', { name: new RegExp(`^${t('action.cancel')}: `) }).click()
    await page.getByText(t('job.cancelled')).first().waitFor()
  }],
  user: ['admin/users', () => button('users.create')],
  'users-table': ['admin/users', () => button('users.import')],
  'user-menu': ['admin/users', () => menu('ana')],
  'user-edit': ['admin/users', () => menu('ana', 'action.edit')],
  'user-roles': ['admin/users', () => menu('ana', 'users.roles')],
  'user-link': ['admin/users', () => menu('ana', 'users.link')],
  'user-factors': ['admin/users', () => menu('ana', 'users.removeFactors')],
  'user-erase': ['admin/users', () => menu('ana', 'users.erase')],
  department: ['admin/departments', () => button('departments.create')],
  'department-delete': ['admin/departments', () => rowButton('action.delete', 'sales')],
  tenant: ['admin/tenants', () => button('tenants.create')],
  key: ['admin/keys', () => button('key.create')],
  'key-leaked': ['admin/keys', () => button('keys.leaked')],
  'key-revoke': ['admin/keys', () => rowButton('key.revoke', 'nightly')],
  'client-certificate': ['admin/client-certificates', () => button('clientCert.add')],
  'session-end': ['admin/sessions', () => page.getByRole('button', { name: new RegExp(`^${t('session.end')}: `) }).first().click()],
  quota: ['admin/quotas', () => button('quota.create')],
  'quota-remove': ['admin/quotas', () => rowRemove(t('quota.remove'))],
  price: ['admin/usage', () => button('price.create')],
  compared: ['admin/usage', compare],
  days: ['admin/usage', () => page.locator('.ant-picker').first().click()],
  keep: ['admin/retention', () => button('keep.create')],
  rule: ['admin/rules', () => button('rules.create')],
  'rule-edit': ['admin/rules', () => rowButton('action.edit', 'project')],
  label: ['admin/rules', () => button('labels.create')],
  'label-remove': ['admin/rules', () => rowRemove(t('quota.remove'))],
  'setting-change': ['admin/settings', () => page.locator('.setting [role=spinbutton]:enabled').first().fill('5')],
  'tls-request': ['admin/certificates', () => button('tls.request')],
  'tls-requested': ['admin/certificates', async () => (await button('tls.request'), await button('tls.requestDo'), page.getByText('BEGIN CERTIFICATE REQUEST').waitFor())],
  'tls-install': ['admin/certificates', () => button('tls.install')],
}

for (const language of languages) {
  for (const theme of themes) {
    for (const width of Object.keys(widths)) {
      await look(language, theme, width)
      for (const [name, to] of Object.entries(pages).filter(([one]) => isWanted(one))) {
        await visit(to)
        if (name === 'overview') await work()
        await page.waitForTimeout(250) // what is drawn late: charts, colours of code
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}-${language}.png` })
      }
    }
  }
}
// Each of the six looks of a width comes to one dialog in six, and the other width has another of them.
for (const [i, [name, [to, deed]]] of Object.entries(dialogs).entries()) {
  if (!isWanted(name, 'dialogs')) continue
  for (const [at, width] of Object.keys(widths).entries()) {
    const language = languages[(i + at) % 3], theme = themes[(Math.floor(i / 3) + at) % 2]
    await look(language, theme, width)
    await visit(to)
    try {
      await deed()
    } catch (error) {
      console.log(`${name}, ${width}, ${language}: ${error.message.split('\n')[0]}`)
    }
    await page.waitForTimeout(450) // until it is open
    await page.screenshot({ path: `${folder}/dialog-${name}-${width}-${theme}-${language}.png` })
  }
}
await page.context().clearCookies()
for (const [width, height] of Object.entries(widths)) {
  await page.setViewportSize({ width: Number(width), height })
  await page.goto(`${base}/console/`)
  await page.locator('#name').waitFor()
  await page.screenshot({ path: `${folder}/sign-in-${width}.png` })
}
await browser.close()
