/** What administrators see, each part with the scope that its first request needs. */
export const sections = [
  { to: '/admin/overview', text: 'overview.title', scope: 'metrics' },
  { to: '/admin/users', text: 'users.title', scope: 'directory' },
  { to: '/admin/departments', text: 'departments.title', scope: 'directory' },
  { to: '/admin/keys', text: 'keys.title', scope: 'directory' },
  { to: '/admin/quotas', text: 'quota.title', scope: 'directory' },
  { to: '/admin/usage', text: 'usage.title', scope: 'usage' },
  { to: '/admin/audit', text: 'audit.title', scope: 'audit' },
  { to: '/admin/sessions', text: 'session.title', scope: 'security' },
  { to: '/admin/tenants', text: 'tenants.title', scope: 'directory' },
] as const
