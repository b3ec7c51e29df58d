import { Segmented } from 'antd'
import { useTranslation } from 'react-i18next'
import { useSession } from '../api/session'
import { languages, setLanguage, type Language } from '../i18n'
import { useAppearance } from '../Root'
import { Page } from '../ui/Page'
import type { Mode } from '../ui/theme'
import { roleText } from '../ui/words'
import { MyCertificates } from './MyCertificates'
import { MyKeys } from './MyKeys'
import { MyUsage } from './MyUsage'
import { Passkeys } from './Passkeys'
import { Password } from './Password'
import { SecondFactor } from './SecondFactor'
import { Sessions } from './Sessions'

export function MePage() {
  const { t, i18n } = useTranslation()
  const session = useSession().data
  const { mode, choose } = useAppearance()
  if (!session) return null
  const can = session.scopes.includes('account')
  const modes: { value: Mode; label: string }[] = [
    { value: 'light', label: t('theme.light') },
    { value: 'dark', label: t('theme.dark') },
    { value: 'system', label: t('theme.system') },
  ]
  return (
    <Page narrow title={session.user.label || session.user.name} lead={t('me.lead')}>
      <dl className="facts">
        <dt>{t('signIn.name')}</dt>
        <dd>{session.user.name}</dd>
        <dt>{t('people.tenant')}</dt>
        <dd>{session.tenant.name}</dd>
        {session.user.department && (
          <>
            <dt>{t('people.department')}</dt>
            <dd>{session.user.department}</dd>
          </>
        )}
        <dt>{t('people.roles')}</dt>
        <dd>{(session.user.roles ?? []).map((role) => roleText(role, t)).join(', ')}</dd>
      </dl>
      <h2>{t('language.label')}</h2>
      <Segmented<Language> value={i18n.language as Language} aria-label={t('language.label')} options={Object.entries(languages).map(([value, label]) => ({ value: value as Language, label }))} onChange={(next) => void setLanguage(next)} />
      <h2>{t('theme.label')}</h2>
      <Segmented<Mode> value={mode} aria-label={t('theme.label')} options={modes} onChange={choose} />
      {can && (
        <>
          <MyKeys />
          <MyUsage />
          <SecondFactor asksPassword={session.kept_by !== 'oidc'} />
          {session.kept_by !== 'oidc' && <Passkeys />}
          {session.kept_by === null && <Password />}
          <MyCertificates />
          <Sessions />
        </>
      )}
    </Page>
  )
}
