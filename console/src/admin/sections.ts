/** What administrators see, each part with the scope that its first request needs; `home`: the box's own, for its own tenant. */
export const sections = [
  { to: '/admin/overview', text: 'overview.title', scope: 'metrics', home: false },
  { to: '/admin/models', text: 'overview.models', scope: 'admin', home: true },
  { to: '/admin/engines', text: 'engines.title', scope: 'admin', home: true },
  { to: '/admin/users', text: 'users.title', scope: 'directory', home: false },
  { to: '/admin/departments', text: 'departments.title', scope: 'directory', home: false },
  { to: '/admin/tenants', text: 'tenants.title', scope: 'directory', home: false },
  { to: '/admin/keys', text: 'keys.title', scope: 'directory', home: false },
  { to: '/admin/client-certificates', text: 'clientCert.title', scope: 'directory', home: false },
  { to: '/admin/sessions', text: 'session.title', scope: 'security', home: false },
  { to: '/admin/quotas', text: 'quota.title', scope: 'directory', home: false },
  { to: '/admin/usage', text: 'usage.title', scope: 'usage', home: false },
  { to: '/admin/retention', text: 'keep.title', scope: 'directory', home: false },
  { to: '/admin/rules', text: 'rules.title', scope: 'security', home: false },
  { to: '/admin/audit', text: 'audit.title', scope: 'audit', home: false },
  { to: '/admin/settings', text: 'config.title', scope: 'admin', home: true },
  { to: '/admin/certificates', text: 'tls.title', scope: 'admin', home: true },
] as const
