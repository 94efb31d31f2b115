# Tab for moonlark in fish: the program itself says what may come next.

function __moonlark_offers
    set -l words (commandline -opc) (commandline -ct)
    set -l program (string replace -r '^~' $HOME -- $words[1])
    set -l answer ($program complete words -- $words[2..-1] 2>/dev/null)
    test (count $answer) -gt 0; or return
    test (count $answer) -gt 1; and printf '%s\n' $answer[1..-2]
    set -l files (string split ' ' -- $answer[-1])
    set -l typed (string replace -r '^--[^=]+=' '' -- $words[-1])
    set -l before (string replace -r -- '[^=]*$' '' (string match -r -- '^--[^=]+=.*' $words[-1]))
    switch $files[1]
        case :folder
            printf "$before%s\n" (__fish_complete_directories $typed '')
        case :file
            for path in (__fish_complete_path $typed)
                set -l name (string split -f1 \t -- $path)
                if test (count $files) -eq 1; or string match -q '*/' -- $name
                    or contains -- (string lower (string replace -r '.*\.' '' -- $name)) $files[2..-1]
                    echo "$before$name"
                end
            end
    end
end

complete -c moonlark -f -a '(__moonlark_offers)'
