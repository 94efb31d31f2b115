# Tab for moonlark in bash: the program itself says what may come next.

# The words of the line up to the cursor, into `words`. Bash cuts them at = and : too; here they belong together.
_moonlark_words() {
  local rest=${COMP_LINE:0:COMP_POINT} text piece i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    text=${rest#"${rest%%[![:space:]]*}"}
    piece=${COMP_WORDS[i]:0:${#text}}
    if [[ $text == "$rest" ]] && ((i > 0)); then words[-1]+=$piece; else words+=("$piece"); fi
    rest=${text#"$piece"}
  done
}

# Adds files and folders to the answer: ":file wav mp3", ":folder", ":none".
_moonlark_files() {
  local kind endings
  read -r kind endings <<< "$1"
  [[ $kind == :none ]] && return
  compopt -o filenames 2> /dev/null
  mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(
    [[ $kind == :folder || $endings ]] && compgen -d -- "$2"
    shopt -s extglob nocasematch
    [[ $kind == :file ]] && compgen -f ${endings:+-X "!*.@(${endings// /|})"} -- "$2"
  )
}

_moonlark() {
  local words=() offers offer
  _moonlark_words
  local typed=${words[-1]}
  local before=${typed%"${typed##*[=:]}"} # on the line already: bash replaces what follows
  mapfile -t offers < <("${words[0]/#\~/$HOME}" complete words -- "${words[@]:1}" 2> /dev/null)
  COMPREPLY=()
  ((${#offers[@]} > 0)) || return
  for offer in "${offers[@]:0:${#offers[@]}-1}"; do
    offer=${offer%%$'\t'*}
    [[ $offer == *= ]] && compopt -o nospace 2> /dev/null
    COMPREPLY+=("${offer#"$before"}")
  done
  _moonlark_files "${offers[-1]}" "${typed#"$before"}"
}

complete -F _moonlark moonlark
