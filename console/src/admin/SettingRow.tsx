import { Button, Input, InputNumber, Select, Switch } from 'antd'
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import { nameOf, same, shown, typed, type Setting, type SettingValue } from './settings'

type Field = { id: string; setting: Setting; value: SettingValue | null; change: (value: SettingValue | null) => void; wrong: boolean }

function Control({ id, setting, value, change, wrong }: Field) {
  const shared = { id, disabled: !setting.editable, 'aria-label': setting.key, 'aria-describedby': `${id}-help`, ...(wrong && { status: 'error' as const }) }
  if (setting.type === 'flag') return <Switch id={id} disabled={!setting.editable} aria-label={setting.key} aria-describedby={`${id}-help`} checked={value === true} onChange={change} />
  if (setting.choices.length > 0) return <Select {...shared} value={shown(value)} options={setting.choices.map((one) => ({ value: one, label: one }))} onChange={change} style={{ minWidth: 160 }} />
  if (setting.type === 'number') return <InputNumber<number> {...shared} value={value as number | null} precision={0} {...(setting.least !== null && { min: setting.least })} {...(setting.most !== null && { max: setting.most })} onChange={change} style={{ width: 160 }} />
  if (setting.type === 'list') return <Input.TextArea {...shared} className="mono" value={shown(value)} autoSize={{ minRows: 1, maxRows: 6 }} onChange={(event) => change(typed(setting, event.target.value))} />
  return <Input {...shared} className="mono" value={shown(value)} onChange={(event) => change(event.target.value)} />
}

function originText({ from: { kind, where } }: Setting, t: TFunction): string {
  switch (kind) {
    case 'default':
      return t('config.fromDefault')
    case 'console':
      return t('config.fromConsole')
    case 'file':
      return t('config.fromFile', { where })
    case 'environment':
      return t('config.fromEnvironment', { where })
    case 'command_line':
      return t('config.fromCommandLine')
  }
}

/** One setting: its field, what it is for, who set it. The comments are the configuration's own, in English as the files are. */
export function SettingRow({ setting, value, change, problem, waits, reset }: Omit<Field, 'id' | 'wrong'> & { problem: string | undefined; waits: boolean; reset: () => void }) {
  const { t } = useTranslation()
  const id = `set-${setting.key.replaceAll('.', '-')}`
  const changed = !same(value, setting.value)
  return (
    <li className={changed ? 'setting setting-changed' : 'setting'}>
      <div className="setting-text">
        <label htmlFor={id} className="mono">
          {nameOf(setting.key)}
        </label>{' '}
        <span className="tags">
          <span className="tag">{originText(setting, t)}</span>
          {waits && <span className="tag tag-bad">{t('config.waits')}</span>}
          {setting.editable && !setting.at_once && !waits && <span className="tag">{t('config.atRestart')}</span>}
          {!setting.editable && <span className="tag">{t('config.fixed')}</span>}
        </span>
        <p id={`${id}-help`} className="muted" lang="en">
          {setting.comment}
          {setting.type === 'number' && ` (${setting.takes})`}
        </p>
      </div>
      <div className="setting-field">
        <Control id={id} setting={setting} value={value} change={change} wrong={problem !== undefined} />
        {setting.from.kind === 'console' && (
          <Button type="link" size="small" aria-label={`${t('config.reset')}: ${setting.key}`} onClick={reset}>
            {t('config.reset')}
          </Button>
        )}
        {problem && (
          <p role="alert" className="wrong">
            {problem}
          </p>
        )}
      </div>
    </li>
  )
}
