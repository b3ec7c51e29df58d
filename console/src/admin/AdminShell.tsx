import { Link, Navigate, Outlet, useLocation } from '@tanstack/react-router'
import { Suspense, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useSession } from '../api/session'
import { NoRight, Waiting } from '../ui/states'
import { sections } from './sections'
import { isHome } from './tenant'

export function useSections() {
  const session = useSession().data
  const scopes = session?.scopes ?? []
  return sections.filter((section) => scopes.includes(section.scope) && (!section.home || isHome(session)))
}

export function AdminHome() {
  const first = useSections()[0]
  return first ? <Navigate to={first.to} replace /> : <NoRight />
}

export function AdminShell() {
  const { t } = useTranslation()
  const allowed = useSections()
  const { pathname } = useLocation()
  const nav = useRef<HTMLElement>(null)
  useEffect(() => {
    void nav.current?.querySelector('[aria-current=page]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
  }, [pathname])
  return (
    <div className="admin">
      <nav className="admin-nav" ref={nav} aria-label={t('nav.admin')}>
        {allowed.map(({ to, text }) => (
          <Link key={to} to={to} activeProps={{ 'aria-current': 'page' }}>
            {t(text)}
          </Link>
        ))}
      </nav>
      <div className="admin-body">
        <Suspense fallback={<Waiting />}>
          <Outlet />
        </Suspense>
      </div>
    </div>
  )
}
