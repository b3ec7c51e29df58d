import { GlobalOutlined, MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Button, Dropdown } from 'antd'
import { useTranslation } from 'react-i18next'
import { languages, setLanguage, type Language } from '../i18n'
import { useAppearance } from '../Root'
import type { Mode } from './theme'

export function LanguageChoice() {
  const { t, i18n } = useTranslation()
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        selectedKeys: [i18n.language],
        items: Object.entries(languages).map(([key, label]) => ({ key, label: <span lang={key}>{label}</span> })),
        onClick: ({ key }) => void setLanguage(key as Language),
      }}
    >
      <Button type="text" icon={<GlobalOutlined />} aria-label={t('language.label')}>
        {languages[i18n.language as Language]}
      </Button>
    </Dropdown>
  )
}

export function ThemeChoice() {
  const { t } = useTranslation()
  const { mode, isDark, choose } = useAppearance()
  const items: { key: Mode; label: string }[] = [
    { key: 'light', label: t('theme.light') },
    { key: 'dark', label: t('theme.dark') },
    { key: 'system', label: t('theme.system') },
  ]
  return (
    <Dropdown trigger={['click']} menu={{ selectedKeys: [mode], items, onClick: ({ key }) => choose(key as Mode) }}>
      <Button type="text" icon={isDark ? <MoonOutlined /> : <SunOutlined />} aria-label={t('theme.label')} />
    </Dropdown>
  )
}
