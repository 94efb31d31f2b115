/* history.h: the lines typed at the prompt, kept between sessions.
 *
 * They lie in $XDG_STATE_HOME/moonlark/history (default ~/.local/state), readable by
 * their owner alone. Each entry is appended as it is typed, so that no crash loses it;
 * where the file cannot be written the prompt works without.
 */
#ifndef MLK_SHELL_HISTORY_H
#define MLK_SHELL_HISTORY_H

/* Reads what earlier sessions left. */
void mlk_history_open(void);

/* Adds one entry (it may have several lines) unless it repeats the last. */
void mlk_history_add(const char *entry);

/* Cuts the file to its limit. */
void mlk_history_close(void);

#endif
