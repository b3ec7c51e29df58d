// pictures.mjs BASE LINK MODEL FOLDER [PAGE…]: every page of the console as people see it, at two widths, in both themes and
// three languages: FOLDER/PAGE-WIDTH-THEME-LANGUAGE.png; where PAGEs are named, these only. MODEL is a GGUF file.
// For looking at; those that are kept are in docs/console.
import { open, setPassword } from './browser.mjs'

const [base, link, model, folder, ...words] = process.argv.slice(2)
const { browser, page } = await open()
const languages = ['en', 'pt', 'zh']
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
  await asSession('PUT', '/admin/v1/rules', { rules: [{ name: 'project', do: 'mask', words: ['Blue Heron', '蓝鹭'] }, { name: 'cards', do: 'refuse', on: ['output'], patterns: ['\\b\\d{4}( ?\\d{4}){3}\\b'] }], labels: [{ visible: '[AI]', producer: 'ACME GmbH' }] })
  await asSession('PATCH', '/admin/v1/settings', { set: { 'limits.requests_per_key': 40 }, aliases: { small: 'smollm2-135m' } })
  await asSession('POST', '/console/v1/assistants', { name: 'contracts', title: 'Contracts', description: 'Reads contracts and says what to look at.', system_prompt: 'You read contracts.', starters: ['Check this clause:'] })
  for (const title of ['Draft for the supplier', '季度报告的摘要', 'Ideia de título']) await asSession('POST', '/console/v1/chats', { title })
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

await setPassword(page, link, 'correct horse battery 9')
await page.getByRole('button', { name: 'Ask the first question' }).waitFor()
await furnish()
const wanted = Object.entries(pages).filter(([name]) => words.length === 0 || words.includes(name))
for (const language of languages) {
  await page.evaluate((to) => localStorage.setItem('cofre.language', to), language)
  for (const theme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const [width, height] of Object.entries(widths)) {
      await page.setViewportSize({ width: Number(width), height })
      for (const [name, to] of wanted) {
        await page.goto(`${base}/console/${to}`)
        await page.locator('main .page, main .chat').first().waitFor()
        await page.waitForFunction(() => !document.querySelector('.waiting'))
        await page.waitForTimeout(name === 'overview' ? 1500 : 250) // what is drawn late: charts, colours of code
        await page.screenshot({ path: `${folder}/${name}-${width}-${theme}-${language}.png` })
      }
    }
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
