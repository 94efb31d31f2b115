#include "kernel/control.h"

#include "clock.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mlk_control_open(mlk_control *control, const mlk_signer *signer)
{
    control->signer = signer;
    pthread_mutex_init(&control->lock, NULL);
    control->parent = getenv("JPY_PARENT_PID") ? getppid() : 0;
}

void mlk_control_close(mlk_control *control)
{
    if (!control->signer)
        return;
    pthread_mutex_destroy(&control->lock);
    free(control->info);
    *control = (mlk_control){0};
}

mlk_code mlk_control_describe(mlk_control *control, mlk_bytes kernel_info, mlk_status *status)
{
    char *copy = strndup(kernel_info.at, kernel_info.size);
    if (!copy)
        return mlk_fail_memory(status, "what the kernel is");
    pthread_mutex_lock(&control->lock);
    free(control->info);
    control->info = copy;
    pthread_mutex_unlock(&control->lock);
    return MLK_OK;
}

/* --- replies ---------------------------------------------------------------------- */

static void post(mlk_control *control, mlk_mailbox *replies, const mlk_outgoing *outgoing)
{
    mlk_status status;
    mlk_message *message = mlk_wire_write(control->signer, outgoing, &status);
    if (message)
        mlk_mailbox_put(replies, message);
}

static mlk_bytes text(const char *words)
{
    return (mlk_bytes){words, strlen(words)};
}

static void publish(mlk_control *control, mlk_mailbox *replies, const mlk_message *of, const char *type,
                    mlk_bytes content)
{
    mlk_bytes topic = text(type);
    post(control, replies, &(mlk_outgoing){.channel = MLK_IOPUB, .type = type, .identities = &topic,
                                           .identity_count = 1, .parent = of->wire.header, .content = content});
}

static void reply(mlk_control *control, mlk_mailbox *replies, const mlk_message *to, const char *type,
                  mlk_bytes content)
{
    publish(control, replies, to, "status", text("{\"execution_state\":\"busy\"}"));
    post(control, replies, &(mlk_outgoing){.channel = to->channel, .type = type, .identities = to->frames,
                                           .identity_count = to->wire.identities, .parent = to->wire.header,
                                           .content = content});
    publish(control, replies, to, "status", text("{\"execution_state\":\"idle\"}"));
}

void mlk_control_welcome(mlk_control *control, mlk_bytes topic, mlk_mailbox *replies)
{
    char *content = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&content, &size);
    if (!out)
        return;
    fputs("{\"subscription\":", out);
    mlk_wire_text(out, topic);
    putc('}', out);
    if (fclose(out) == 0)
        post(control, replies, &(mlk_outgoing){.channel = MLK_IOPUB, .type = "iopub_welcome", .identities = &topic,
                                               .identity_count = 1, .content = {content, size}});
    free(content);
}

/* --- what is asked ------------------------------------------------------------------ */

/* As Ctrl-C does on a terminal: the kernel, and programs that a cell has started and waits for. */
static void interrupt(void)
{
    kill(getpgrp() == getpid() ? 0 : getpid(), SIGINT);
}

static void begin_end(mlk_control *control)
{
    if (atomic_load(&control->ending))
        return;
    control->since_s = mlk_now_s();
    atomic_store(&control->ending, true);
    interrupt();
}

static void shut_down(mlk_control *control, const mlk_message *message, mlk_mailbox *replies)
{
    mlk_bytes restart;
    bool again = mlk_wire_member(message->wire.content, "restart", &restart) && restart.size == 4 &&
                 memcmp(restart.at, "true", 4) == 0;
    mlk_bytes content = text(again ? "{\"restart\":true,\"status\":\"ok\"}" : "{\"restart\":false,\"status\":\"ok\"}");
    reply(control, replies, message, "shutdown_reply", content);
    publish(control, replies, message, "shutdown_reply", content);
    begin_end(control);
}

static bool describe(mlk_control *control, const mlk_message *message, mlk_mailbox *replies)
{
    pthread_mutex_lock(&control->lock);
    bool known = control->info;
    if (known)
        reply(control, replies, message, "kernel_info_reply", text(control->info));
    pthread_mutex_unlock(&control->lock);
    return known;
}

bool mlk_control_answer(mlk_control *control, const mlk_message *message, mlk_mailbox *replies)
{
    char type[MLK_WIRE_NAME];
    if (message->channel != MLK_CONTROL && message->channel != MLK_SHELL)
        return false;
    mlk_wire_type(message, type);
    if (strcmp(type, "shutdown_request") == 0) {
        shut_down(control, message, replies);
        return true;
    }
    if (strcmp(type, "interrupt_request") == 0) {
        interrupt();
        reply(control, replies, message, "interrupt_reply", text("{\"status\":\"ok\"}"));
        return true;
    }
    return message->channel == MLK_CONTROL && strcmp(type, "kernel_info_request") == 0 &&
           describe(control, message, replies);
}

/* --- the end -------------------------------------------------------------------------- */

bool mlk_control_ending(mlk_control *control)
{
    return atomic_load(&control->ending);
}

bool mlk_control_overdue(mlk_control *control, double seconds)
{
    if (control->parent && getppid() != control->parent)
        begin_end(control);
    return atomic_load(&control->ending) && mlk_now_s() - control->since_s > seconds;
}
