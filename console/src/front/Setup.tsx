import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { CheckCircleFilled, ExclamationCircleFilled } from '@ant-design/icons'
import { Alert, Button, Form, Input } from 'antd'
import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/http'
import { useModels } from '../api/models'
import { openLink, signIn, useSession } from '../api/session'
import { Front } from './Front'
import { SignIn } from './SignIn'

/** The page behind a one-time link: a password, then the box's own look at itself, then the first question. */
export function Setup() {
  const { t } = useTranslation()
  const client = useQueryClient()
  const session = useSession()
  // Kept here alone: the address forgets it at once, and with it the browser's history.
  const [token, setToken] = useState(() => {
    const found = location.hash.slice(1)
    if (found) history.replaceState(history.state, '', location.pathname)
    return found
  })
  const [name, setName] = useState<string>()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()

  if (name && session.data?.user.name === name) return <Checks name={name} />
  if (name) return <SignIn title={t('setup.signIn', { name })} lead={t('setup.signInText', { name })} name={name} />
  if (!token) {
    return (
      <Front title={t('setup.noToken')} lead={t('setup.noTokenText')}>
        <Button href="/console/" block>
          {t('signIn.title')}
        </Button>
      </Front>
    )
  }
  const submit = async ({ password }: { password: string }) => {
    setBusy(true)
    setProblem(undefined)
    try {
      const { user } = await openLink(token, password)
      setToken('')
      // Who has to bring a second factor, or is of another tenant, signs in on the next page.
      await signIn({ name: user, password }).then(() => client.refetchQueries({ queryKey: ['session'] }), () => undefined)
      setName(user)
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : t('app.unreachable'))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Front title={t('setup.title')} lead={t('setup.lead')}>
      <Form layout="vertical" requiredMark={false} onFinish={(given: { password: string }) => void submit(given)}>
        <Form.Item name="password" label={t('setup.password')} rules={[{ required: true, message: '' }]}>
          <Input.Password autoComplete="new-password" autoFocus size="large" />
        </Form.Item>
        <Form.Item
          name="again"
          label={t('setup.again')}
          dependencies={['password']}
          rules={[
            { required: true, message: '' },
            ({ getFieldValue }) => ({
              validator: (_, value: string) => (!value || getFieldValue('password') === value ? Promise.resolve() : Promise.reject(new Error(t('setup.different')))),
            }),
          ]}
        >
          <Input.Password autoComplete="new-password" size="large" />
        </Form.Item>
        {problem && <Alert type="error" showIcon title={problem} role="alert" style={{ marginBottom: 16 }} />}
        <Button type="primary" htmlType="submit" size="large" block loading={busy}>
          {t('setup.submit')}
        </Button>
      </Form>
    </Front>
  )
}

function Check({ ok, children }: { ok: boolean; children: ReactNode }) {
  return (
    <li style={{ display: 'flex', gap: 10, padding: '5px 0' }}>
      {ok ? <CheckCircleFilled style={{ color: 'var(--ant-color-success)' }} /> : <ExclamationCircleFilled style={{ color: 'var(--ant-color-warning)' }} />}
      <span>{children}</span>
    </li>
  )
}

/** What a browser can see of the box: what is listed is what was asked just now. */
function Checks({ name }: { name: string }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const models = useModels()
  if (models.isPending) return <Front title={t('setup.checks')} lead={t('app.loading')} />
  const model = models.data?.[0]?.id
  const elsewhere = performance.getEntriesByType('resource').filter((entry) => !entry.name.startsWith(location.origin + '/') && !entry.name.startsWith('data:'))
  return (
    <Front title={model ? t('setup.ready') : t('setup.checks')} lead={t('signIn.lead')}>
      <ul style={{ listStyle: 'none', margin: '0 0 18px', padding: 0 }}>
        <Check ok={!models.isError}>{t('setup.checkHealth')}</Check>
        <Check ok>{t('setup.checkSession', { name })}</Check>
        <Check ok={Boolean(model)}>{model ? t('setup.checkModel', { name: model }) : t('setup.checkNoModel')}</Check>
        <Check ok={elsewhere.length === 0}>{t('setup.checkPrivate')}</Check>
      </ul>
      <Button type="primary" size="large" block onClick={() => void navigate({ to: '/chat', search: model ? { ask: t('setup.firstQuestion') } : {} })}>
        {t('setup.first')}
      </Button>
    </Front>
  )
}
