import { KeyOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError, type Schema } from '../api/http'
import { NotConfirmed, passkeysWork, signInByPasskey } from '../api/passkeys'
import { signIn, useProviders } from '../api/session'
import { durationText } from '../ui/format'
import { Front } from './Front'

export function SignIn({ title, lead, name }: { title?: string; lead?: string; name?: string }) {
  const { t, i18n } = useTranslation()
  const client = useQueryClient()
  const providers = useProviders()
  const [form] = Form.useForm<Schema['SignIn']>()
  const [needsCode, setNeedsCode] = useState(false)
  const [asksTenant, setAsksTenant] = useState(false)
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()

  const explain = (error: unknown) => {
    if (error instanceof NotConfirmed) return t('passkey.notConfirmed')
    if (!(error instanceof ApiError)) return t('app.unreachable')
    if (error.code === 'sign_in_delayed') return t('signIn.delayed', { time: durationText(error.retryAfter ?? 60, i18n.language) })
    return error.code === 'sign_in_failed' ? t('signIn.wrong') : error.message
  }
  const enter = async (way: () => Promise<void>) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await way()
      await client.invalidateQueries()
    } catch (error) {
      if (error instanceof ApiError && error.code === 'code_needed') setNeedsCode(true)
      else setProblem(explain(error))
    } finally {
      setBusy(false)
    }
  }
  const known = (given: Schema['SignIn']) => Object.fromEntries(Object.entries(given).filter(([, value]) => value)) as Schema['SignIn']
  // With a password that wants a second factor the passkey is that; before, it signs in alone.
  const byPasskey = () => {
    const { code: _, ...given } = known(form.getFieldsValue())
    return signInByPasskey(needsCode ? given : undefined)
  }
  return (
    <Front title={title ?? t('signIn.title')} lead={lead ?? t('signIn.lead')}>
      <Form layout="vertical" requiredMark={false} form={form} onFinish={(given: Schema['SignIn']) => void enter(() => signIn(known(given)))} initialValues={{ name }}>
        <Form.Item name="name" label={t('signIn.name')} rules={[{ required: true, message: '' }]}>
          <Input autoComplete="username" autoFocus={!name} size="large" />
        </Form.Item>
        <Form.Item name="password" label={t('signIn.password')} rules={[{ required: true, message: '' }]}>
          <Input.Password autoComplete="current-password" autoFocus={Boolean(name)} size="large" />
        </Form.Item>
        {needsCode && (
          <Form.Item name="code" label={t('signIn.code')} extra={t('signIn.codeLead')} rules={[{ required: true, message: '' }]}>
            <Input autoComplete="one-time-code" autoFocus size="large" className="mono" />
          </Form.Item>
        )}
        {asksTenant && (
          <Form.Item name="tenant" label={t('signIn.tenant')}>
            <Input autoFocus size="large" />
          </Form.Item>
        )}
        {problem && <Alert type="error" showIcon title={problem} role="alert" style={{ marginBottom: 16 }} />}
        <Button type="primary" htmlType="submit" size="large" block loading={busy}>
          {t('signIn.submit')}
        </Button>
        {passkeysWork() && (
          <Button icon={<KeyOutlined />} size="large" block disabled={busy} style={{ marginTop: 10 }} onClick={() => void enter(byPasskey)}>
            {needsCode ? t('passkey.instead') : t('passkey.signIn')}
          </Button>
        )}
        {providers.data?.providers.map(({ label, start }) => (
          <Button key={start} href={`${start}?return_to=${encodeURIComponent(location.pathname + location.search)}`} size="large" block style={{ marginTop: 10 }}>
            {label}
          </Button>
        ))}
        {!asksTenant && !name && (
          <Button type="link" block onClick={() => setAsksTenant(true)} style={{ marginTop: 6 }}>
            {t('signIn.tenantOther')}
          </Button>
        )}
      </Form>
    </Front>
  )
}
