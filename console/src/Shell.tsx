import { ControlOutlined, ExperimentOutlined, LogoutOutlined, MessageOutlined, RobotOutlined, UserOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Link, Navigate, Outlet } from '@tanstack/react-router'
import { Suspense, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { signOut, useSession } from './api/session'
import { SignIn } from './front/SignIn'
import { Mark } from './ui/Mark'
import { Failed, Waiting } from './ui/states'

const administrative = ['metrics', 'directory', 'usage', 'audit', 'security']

function Entry({ to, icon, text }: { to: '/chat' | '/assistants' | '/playground' | '/admin' | '/me'; icon: ReactNode; text: string }) {
  return (
    <Link to={to} activeProps={{ 'aria-current': 'page' }}>
      {icon}
      <span>{text}</span>
    </Link>
  )
}

const isAdministrative = (scopes: string[]) => scopes.some((scope) => administrative.includes(scope))

/** Where one begins: at a chat, else at what one administers, else at one's own page. */
export function Home() {
  const scopes = useSession().data?.scopes ?? []
  return <Navigate to={scopes.includes('inference') ? '/chat' : isAdministrative(scopes) ? '/admin' : '/me'} replace />
}

/** What surrounds every page of who is signed in; who is not signs in here, and is then where they wanted to be. */
export function Shell() {
  const { t } = useTranslation()
  const session = useSession()
  const client = useQueryClient()
  if (session.isPending) return <Waiting />
  if (session.isError) return <Failed error={session.error} retry={() => void session.refetch()} />
  if (!session.data) return <SignIn />
  const { scopes } = session.data
  const leave = async () => {
    await signOut().catch(() => undefined)
    client.clear()
    location.assign('/console/')
  }
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t('app.skip')}
      </a>
      <nav className="rail" aria-label={t('nav.label')}>
        <span className="rail-brand">
          <Mark />
        </span>
        {scopes.includes('inference') && <Entry to="/chat" icon={<MessageOutlined />} text={t('nav.chat')} />}
        {scopes.includes('inference') && <Entry to="/assistants" icon={<RobotOutlined />} text={t('nav.assistants')} />}
        {scopes.includes('inference') && <Entry to="/playground" icon={<ExperimentOutlined />} text={t('nav.playground')} />}
        {isAdministrative(scopes) && <Entry to="/admin" icon={<ControlOutlined />} text={t('nav.admin')} />}
        <span className="rail-space" />
        <Entry to="/me" icon={<UserOutlined />} text={t('nav.me')} />
        <button type="button" onClick={() => void leave()}>
          <LogoutOutlined />
          <span>{t('signIn.out')}</span>
        </button>
      </nav>
      <main id="content" tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </main>
    </div>
  )
}
