import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import { App, Button, Form, Input, Modal } from 'antd'
import { useCallback, useState, type ReactNode } from 'react'
import { Trans, useTranslation } from 'react-i18next'
import { ApiError } from '../api/http'

/** Does something to the box: tells what went wrong, has what is shown asked anew. True: it is done. */
export function useDeed() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const client = useQueryClient()
  return useCallback(
    async (deed: () => Promise<unknown>, changed: QueryKey[], said?: string): Promise<boolean> => {
      try {
        await deed()
        await Promise.all(changed.map((queryKey) => client.invalidateQueries({ queryKey })))
        if (said) void message.success(said)
        return true
      } catch (error) {
        void message.error({ content: <span role="alert">{error instanceof ApiError ? error.message : t('app.unreachable')}</span>, duration: 6 })
        return false
      }
    },
    [client, message, t],
  )
}

interface FormDialogProps<T> {
  title: string
  open: boolean
  close: () => void
  submit: (given: T) => Promise<void>
  action?: string
  initial?: Partial<T>
  children: ReactNode
}

/** A form in a dialog. What the box refuses stands at the field that it names. */
export function FormDialog<T extends object>(props: FormDialogProps<T>) {
  // A form remembers what was given: each time it is another one.
  const [times, setTimes] = useState(0)
  return <OneFormDialog<T> key={times} {...props} closed={() => setTimes(times + 1)} />
}

function OneFormDialog<T extends object>({ title, open, close, closed, submit, action, initial, children }: FormDialogProps<T> & { closed: () => void }) {
  const { t } = useTranslation()
  const [form] = Form.useForm<T>()
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<string>()
  const finish = async (given: T) => {
    setBusy(true)
    setProblem(undefined)
    try {
      await submit(given)
      close()
    } catch (error) {
      const field = error instanceof ApiError ? error.param : null
      if (error instanceof ApiError && field && form.getFieldInstance(field as never)) form.setFields([{ name: field as never, errors: [error.message] }])
      else setProblem(error instanceof ApiError ? error.message : t('app.unreachable'))
    } finally {
      setBusy(false)
    }
  }
  return (
    <Modal title={title} open={open} onCancel={close} onOk={() => form.submit()} okText={action ?? t('action.create')} confirmLoading={busy} destroyOnHidden afterOpenChange={(is) => !is && closed()}>
      <Form form={form} layout="vertical" requiredMark={false} preserve={false} {...(initial && { initialValues: initial })} onFinish={(given: T) => void finish(given)}>
        {children}
        {problem && (
          <p role="alert" className="wrong">
            {problem}
          </p>
        )}
      </Form>
    </Modal>
  )
}

/** Before what cannot be undone: says what is lost, and has its name typed. */
export function useConfirmByName() {
  const { t } = useTranslation()
  const { modal } = App.useApp()
  return useCallback(
    (name: string, title: string, text: ReactNode, action: string, deed: () => Promise<unknown>) => {
      let typed = ''
      const dialog = modal.confirm({
        title,
        icon: null,
        okText: action,
        okButtonProps: { danger: true, disabled: true },
        cancelText: t('action.cancel'),
        content: (
          <>
            <p>{text}</p>
            <label>
              <Trans i18nKey="confirm.name" values={{ name }} components={{ b: <strong /> }} shouldUnescape={false} />
              <Input
                autoFocus
                style={{ marginTop: 6 }}
                onChange={(event) => {
                  typed = event.target.value
                  dialog.update({ okButtonProps: { danger: true, disabled: typed !== name } })
                }}
              />
            </label>
          </>
        ),
        onOk: () => (typed === name ? deed() : Promise.reject(new Error('not confirmed'))),
      })
    },
    [modal, t],
  )
}

/** Says what was done, with a way back for a while. */
export function useUndo() {
  const { t } = useTranslation()
  const { notification } = App.useApp()
  return useCallback(
    (said: string, back: () => Promise<unknown>) => {
      const key = crypto.randomUUID()
      notification.open({
        key,
        title: said,
        duration: 8,
        placement: 'bottomRight',
        actions: (
          <Button
            size="small"
            onClick={() => {
              notification.destroy(key)
              void back()
            }}
          >
            {t('action.undo')}
          </Button>
        ),
      })
    },
    [notification, t],
  )
}
