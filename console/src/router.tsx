import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { Setup } from './front/Setup'
import { Home, Shell } from './Shell'
import { NotFound } from './ui/states'

const root = createRootRoute({ notFoundComponent: NotFound })
const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: Setup })
const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell })
const home = createRoute({ getParentRoute: () => shell, path: '/', component: Home })
const chatPage = lazyRouteComponent(() => import('./chat/ChatPage'), 'ChatPage')
const chat = createRoute({
  getParentRoute: () => shell,
  path: '/chat',
  validateSearch: ({ ask, assistant }): { ask?: string; assistant?: string } => ({ ...(typeof ask === 'string' && { ask }), ...(typeof assistant === 'string' && { assistant }) }),
  component: chatPage,
})
const oneChat = createRoute({ getParentRoute: () => shell, path: '/chat/$chat', component: chatPage })
const shared = createRoute({ getParentRoute: () => shell, path: '/shared/$share', component: lazyRouteComponent(() => import('./chat/SharedPage'), 'SharedPage') })
const assistants = createRoute({ getParentRoute: () => shell, path: '/assistants', component: lazyRouteComponent(() => import('./assistants/AssistantsPage'), 'AssistantsPage') })
const play = createRoute({ getParentRoute: () => shell, path: '/playground', component: lazyRouteComponent(() => import('./play/PlayPage'), 'PlayPage') })
const me = createRoute({ getParentRoute: () => shell, path: '/me', component: lazyRouteComponent(() => import('./me/MePage'), 'MePage') })

const admin = createRoute({ getParentRoute: () => shell, path: '/admin', component: lazyRouteComponent(() => import('./admin/AdminShell'), 'AdminShell') })
const under = { getParentRoute: () => admin } as const
const adminPages = [
  createRoute({ ...under, path: '/', component: lazyRouteComponent(() => import('./admin/AdminShell'), 'AdminHome') }),
  createRoute({ ...under, path: '/overview', component: lazyRouteComponent(() => import('./admin/Overview'), 'Overview') }),
  createRoute({ ...under, path: '/models', component: lazyRouteComponent(() => import('./admin/Models'), 'Models') }),
  createRoute({ ...under, path: '/engines', component: lazyRouteComponent(() => import('./admin/Engines'), 'Engines') }),
  createRoute({ ...under, path: '/users', component: lazyRouteComponent(() => import('./admin/Users'), 'Users') }),
  createRoute({ ...under, path: '/departments', component: lazyRouteComponent(() => import('./admin/Departments'), 'Departments') }),
  createRoute({ ...under, path: '/keys', component: lazyRouteComponent(() => import('./admin/Keys'), 'Keys') }),
  createRoute({ ...under, path: '/quotas', component: lazyRouteComponent(() => import('./admin/Quotas'), 'Quotas') }),
  createRoute({ ...under, path: '/usage', component: lazyRouteComponent(() => import('./admin/UsagePage'), 'UsagePage') }),
  createRoute({ ...under, path: '/audit', component: lazyRouteComponent(() => import('./admin/Audit'), 'Audit') }),
  createRoute({ ...under, path: '/sessions', component: lazyRouteComponent(() => import('./admin/SessionsPage'), 'SessionsPage') }),
  createRoute({ ...under, path: '/tenants', component: lazyRouteComponent(() => import('./admin/Tenants'), 'Tenants') }),
  createRoute({ ...under, path: '/client-certificates', component: lazyRouteComponent(() => import('./admin/ClientCertificates'), 'ClientCertificates') }),
  createRoute({ ...under, path: '/retention', component: lazyRouteComponent(() => import('./admin/Retention'), 'Retention') }),
  createRoute({ ...under, path: '/rules', component: lazyRouteComponent(() => import('./admin/RulesPage'), 'RulesPage') }),
  createRoute({ ...under, path: '/settings', component: lazyRouteComponent(() => import('./admin/SettingsPage'), 'SettingsPage') }),
  createRoute({ ...under, path: '/certificates', component: lazyRouteComponent(() => import('./admin/Certificates'), 'Certificates') }),
] as const

export const router = createRouter({
  routeTree: root.addChildren([setup, shell.addChildren([home, chat, oneChat, shared, assistants, play, me, admin.addChildren(adminPages)])]),
  basepath: '/console',
  defaultPreload: false,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
