import { Button, Form, Input, Select } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { useQueryClient } from '@tanstack/react-query'
import { FormDialog, useDeed } from '../ui/deeds'
import { RemoveLink } from '../ui/RemoveLink'
import type { BoxModel } from './models'
import { changeSettings, staleSettings, useSettings } from './settings'

/** Other names of models, and the one that is asked where a request names none. */
export function Aliases({ models }: { models: BoxModel[] }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const deed = useDeed()
  const [making, setMaking] = useState(false)
  const settings = useSettings().data
  if (!settings) return null
  const { aliases } = settings
  const standard = settings.settings.find((one) => one.key === 'models.default')
  const names = models.filter((model) => model.served).map(({ name }) => ({ value: name, label: name }))
  const set = (all: Record<string, string>) => changeSettings({ aliases: all })
  const without = (alias: string) => Object.fromEntries(Object.entries(aliases).filter(([one]) => one !== alias))
  const choose = (name: string | undefined) => void deed(() => changeSettings(name ? { set: { 'models.default': name } } : { reset: ['models.default'] }), staleSettings)
  return (
    <section>
      <div className="page-head" style={{ marginBottom: 8 }}>
        <div>
          <h2 style={{ marginBottom: 0 }}>{t('alias.title')}</h2>
          <p className="page-lead">{t('alias.lead')}</p>
        </div>
        <Button onClick={() => setMaking(true)}>{t('alias.create')}</Button>
      </div>
      <div className="filters">
        <label htmlFor="models-default">{t('alias.default')}</label>
        <Select id="models-default" allowClear disabled={!standard?.editable} value={(standard?.value as string) || undefined} placeholder={t('alias.defaultFirst')} options={names} onChange={choose} style={{ minWidth: 220 }} />
      </div>
      {Object.keys(aliases).length > 0 && (
        <ul className="rows">
          {Object.entries(aliases).map(([alias, model]) => (
            <li key={alias}>
              <span className="rows-main">
                <span className="mono">{alias}</span> → <span className="mono">{model}</span>
              </span>
              <RemoveLink action={t('quota.remove')} name={alias} said={t('alias.removed', { name: alias })} remove={() => deed(() => set(without(alias)), staleSettings)} restore={() => deed(() => set(aliases), staleSettings)} />
            </li>
          ))}
        </ul>
      )}
      <FormDialog
        title={t('alias.create')}
        open={making}
        close={() => setMaking(false)}
        submit={async ({ alias, model }: { alias: string; model: string }) => {
          await set({ ...aliases, [alias.trim()]: model })
          await Promise.all(staleSettings.map((queryKey) => client.invalidateQueries({ queryKey })))
        }}
      >
        <Form.Item name="alias" label={t('people.name')} extra={t('alias.nameHelp')} rules={[{ required: true, message: '' }]}>
          <Input className="mono" autoFocus autoComplete="off" maxLength={128} />
        </Form.Item>
        <Form.Item name="model" label={t('chat.model')} rules={[{ required: true, message: '' }]}>
          <Select options={names} />
        </Form.Item>
      </FormDialog>
    </section>
  )
}
