import { Button, Form, Input } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, path } from '../api/http'
import { FormDialog } from '../ui/deeds'
import { App } from 'antd'

export function Password() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [open, setOpen] = useState(false)
  return (
    <section>
      <h2>{t('signIn.password')}</h2>
      <p className="muted">{t('me.passwordText')}</p>
      <Button onClick={() => setOpen(true)}>{t('me.passwordChange')}</Button>
      <FormDialog
        title={t('me.passwordChange')}
        action={t('action.save')}
        open={open}
        close={() => setOpen(false)}
        submit={async (given: { old: string; password: string }) => {
          await api.post(path('/admin/v1/me/password', {}), given)
          void message.success(t('me.passwordChanged'))
        }}
      >
        <Form.Item name="old" label={t('me.passwordOld')} rules={[{ required: true, message: '' }]}>
          <Input.Password autoComplete="current-password" autoFocus />
        </Form.Item>
        <Form.Item name="password" label={t('setup.password')} rules={[{ required: true, message: '' }]}>
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </FormDialog>
    </section>
  )
}
