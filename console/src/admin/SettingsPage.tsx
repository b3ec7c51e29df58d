import { Alert, Button, Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/http'
import { App } from 'antd'
import { useQueryClient } from '@tanstack/react-query'
import { useDeed, useUndo } from '../ui/deeds'
import { Page } from '../ui/Page'
import { Empty, Failed, Waiting } from '../ui/states'
import { SettingRow } from './SettingRow'
import { changeOf, changeSettings, same, sectionsOf, staleSettings, useSettings, type Draft, type Setting, type SettingValue } from './settings'

export function SettingsPage() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  const deed = useDeed()
  const undo = useUndo()
  const settings = useSettings()
  const [search, setSearch] = useState('')
  const [draft, setDraft] = useState<Draft>({})
  const [problem, setProblem] = useState<{ key: string | null; text: string }>()
  const [busy, setBusy] = useState(false)
  const sections = useMemo(() => sectionsOf(settings.data?.settings ?? [], search), [settings.data, search])
  if (settings.isPending) return <Waiting />
  if (settings.isError) return <Failed error={settings.error} retry={() => void settings.refetch()} />
  const { after_restart: waiting, notes } = settings.data
  const count = Object.keys(draft).length

  const change = (setting: Setting, value: SettingValue | null) => {
    setProblem(undefined)
    setDraft(({ [setting.key]: _, ...others }) => (same(value, setting.value) ? others : { ...others, [setting.key]: value }))
  }
  const save = async () => {
    setBusy(true)
    setProblem(undefined)
    try {
      const { after_restart } = await changeSettings(changeOf(draft))
      setDraft({})
      await Promise.all(staleSettings.map((queryKey) => client.invalidateQueries({ queryKey })))
      void message.success(after_restart.length > 0 ? t('config.savedWaits') : t('config.saved'))
    } catch (error) {
      if (error instanceof ApiError) setProblem({ key: error.param, text: error.message })
      else setProblem({ key: null, text: t('app.unreachable') })
    } finally {
      setBusy(false)
    }
  }
  const reset = async (setting: Setting) => {
    const before = setting.value as SettingValue
    const done = await deed(() => changeSettings({ reset: [setting.key] }), staleSettings)
    if (done) undo(t('config.resetDone', { name: setting.key }), () => deed(() => changeSettings({ set: { [setting.key]: before } }), staleSettings))
  }
  const isShown = sections.some(([, rows]) => rows.some((row) => row.key === problem?.key))
  return (
    <Page title={t('config.title')} lead={t('config.lead')}>
      {waiting.length > 0 && <Alert type="warning" showIcon title={t('config.waiting', { count: waiting.length })} description={<span className="mono">{waiting.join(', ')}</span>} style={{ marginBottom: 14 }} />}
      {notes.map((note) => (
        <Alert key={note} type="info" showIcon title={note} style={{ marginBottom: 14 }} />
      ))}
      <div className="filters">
        <Input.Search allowClear value={search} onChange={(event) => setSearch(event.target.value)} placeholder={t('config.search')} aria-label={t('config.search')} style={{ maxWidth: 320 }} />
      </div>
      {sections.length === 0 && <Empty title={t('config.none')} text={t('audit.noneText')} />}
      {sections.map(([section, rows]) => (
        <section key={section} aria-labelledby={`section-${section}`}>
          <h2 id={`section-${section}`} className="mono">
            {section}
          </h2>
          <ul className="settings">
            {rows.map((setting) => (
              <SettingRow
                key={setting.key}
                setting={setting}
                value={setting.key in draft ? (draft[setting.key] ?? null) : (setting.value as SettingValue | null)}
                change={(value) => change(setting, value)}
                problem={problem?.key === setting.key ? problem.text : undefined}
                waits={waiting.includes(setting.key)}
                reset={() => void reset(setting)}
              />
            ))}
          </ul>
        </section>
      ))}
      {count > 0 && (
        <div className="save-bar" role="region" aria-label={t('config.changes', { count })}>
          <span>{t('config.changes', { count })}</span>
          {problem && !isShown && (
            <span role="alert" className="wrong">
              {problem.text}
            </span>
          )}
          <Button
            onClick={() => {
              setDraft({})
              setProblem(undefined)
            }}
          >
            {t('config.discard')}
          </Button>
          <Button type="primary" loading={busy} onClick={() => void save()}>
            {t('action.save')}
          </Button>
        </div>
      )}
    </Page>
  )
}
