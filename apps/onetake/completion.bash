# bash completion for onetake: the options come from the program's own help, the takes from its list.

_onetake() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} words="" command=record
    [[ ${COMP_WORDS[1]} == -* || $COMP_CWORD -eq 1 ]] || command=${COMP_WORDS[1]}

    case $previous in
        --data-dir | --processed-dir | --frames | --folder)
            mapfile -t COMPREPLY < <(compgen -d -- "$current")
            return
            ;;
        --frame-times | --audio-times | --denoise-model | --audio | --video-timestamps | --out)
            mapfile -t COMPREPLY < <(compgen -f -- "$current")
            return
            ;;
    esac

    if [[ $command == calibrate && $previous == --from ]]; then
        words=$("${COMP_WORDS[0]}" list 2> /dev/null | sed -nE '1d; s/^([^ ]+)  .*/\1/p')
    elif [[ $current == -* ]]; then
        words=$("${COMP_WORDS[0]}" "$command" --help-all 2> /dev/null |
            sed -nE 's/^  (-[ho], )?--\[no-\]([a-z0-9-]+).*/--\2 --no-\2/p; s/^  (-[ho], )?(--[a-z0-9-]+).*/\2/p')
    elif ((COMP_CWORD == 1)); then
        words=$("${COMP_WORDS[0]}" --help 2> /dev/null | sed -nE 's/^  ([a-z]+) .*/\1/p')
    elif [[ $command == @(process|check|recover|mark|export) ]]; then
        words=$("${COMP_WORDS[0]}" list 2> /dev/null | sed -nE '1d; s/^([^ ]+)  .*/\1/p')
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -o default -F _onetake onetake
