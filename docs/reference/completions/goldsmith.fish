# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_goldsmith_global_optspecs
    string join \n C/directory= json q/quiet v/verbose h/help V/version
end

function __fish_goldsmith_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_goldsmith_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_goldsmith_using_subcommand
    set -l cmd (__fish_goldsmith_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c goldsmith -n "__fish_goldsmith_needs_command" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_needs_command" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "init" -d 'Make a new project that builds: a web server image'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "validate" -d 'Check the configuration and its component documents, without network or changes'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "fmt" -d 'Bring configuration files into the canonical layout'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "lock" -d 'Pin every package, document and input of the recipes in `goldsmith.lock`'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "plan" -d 'Show what a build would do, and why'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "build" -d 'Build the image of a recipe: lock, fetch, bootstrap, components, sanitize, disk, verify'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "test" -d 'Boot the newest image of a recipe and check it from inside'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "run" -d 'Take an image through a pipeline: lock, build, test, scan, gate, approve, distribute, register'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "approve" -d 'Approve an image: a signed decision that the pipeline\'s `approval` counts'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "reject" -d 'Reject an image: a signed decision that stops its run'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "answer" -d 'Say how a `step "wait"` goes on, which a run waits for'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "verify" -d 'Check what is stated of an image: who signed it, and that it is about this very disk'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "assess" -d 'Hold the images of a pipeline that are in use against the feeds of today'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "audit" -d 'Show what runs on images that are not approved, and how to mend it'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "schedule" -d 'Show when pipelines start by themselves'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "lifecycle" -d 'Show which images a lifecycle policy keeps and which go, and take its steps'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "serve" -d 'Start pipelines by their schedules, look at what runs by their audits, and deliver messages, until somebody stops it'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "images" -d 'List images, newest first'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "show" -d 'Show what is known about an image: digests, inputs, times, tests, how it stands, where it is'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "history" -d 'Show what became of an image, or, with `--channel`, what a channel has named'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "tag" -d 'Write tags on an image, or take them off'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "promote" -d 'Have a channel name an image'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "rollback" -d 'Have a channel name what it named before'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "resolve" -d 'Print where an image is at a target: a path, a URL, an id such as `ami-0abc`'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "runs" -d 'List the runs of pipelines, newest first, or show one of them'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "scan" -d 'Show what is in an image, and what is wrong with it, without starting or mounting it'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "diff" -d 'Show what is different between two images: packages, files, configuration, size, findings, boot time'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "export" -d 'Write the disk of an image in the form that a cloud or a hypervisor takes'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "component" -d 'Look at the components that ship with Goldsmith, check and run documents'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "import" -d 'Turn another tool\'s description of images into a project'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "feed" -d 'Keep what is known of vulnerabilities at hand'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "awstoe" -d 'Take AWSTOE\'s place: `awstoe run` and `awstoe validate` with all their options'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "catalog" -d 'Look after the catalog of images and runs'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "audit-log" -d 'Show the audit log, oldest first, after looking at all of it'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "doctor" -d 'Say what this host can do, and what is missing for the rest'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "gc" -d 'Remove what the store no longer needs'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "rebuild" -d 'Build an image again and say what is different'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "bury" -d 'Remove what collections threw away'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "generate-reference" -d 'Write the generated reference: pages, man pages, completions, JSON Schema'
complete -c goldsmith -n "__fish_goldsmith_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand init" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand init" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand init" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand init" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand init" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand validate" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -l check -d 'Change nothing: name the files that are not in the layout and exit with 3'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand fmt" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -l update -d 'Move these packages to their newest version; all when no package is named' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -l check -d 'Change nothing: say what locking anew would change, and exit with 4 if anything'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -l offline -d 'Use nothing but what the store has'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lock" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -l explain -d 'Say of every step whether its layer is kept, and why it is not'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -l offline -d 'Fail if a package is not in the store: a build would need the network'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand plan" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l from -d 'Make this step and all after it again, by its title or a part of it, such as `build/Install`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l check-reproducible -d 'Build it this many times more, from nothing and in other surroundings, and fail with 6 when a byte is different' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l force -d 'Build although an image of the same inputs exists'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l no-cache -d 'Make every step again, kept or not'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l debug -d 'After a step or a package\'s script that failed, open a shell in the tree as it stands'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l sha256 -d 'Compute the plain SHA-256 of the disk as well, which takes half a second for a GiB, holes included; `export` computes that of what it hands over'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l offline -d 'Use nothing but what the store has'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand build" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -l boot -d 'Boot only with this firmware' -r -f -a "bios\t''
uefi\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -l bare -d 'Test without the project: only the checks that every image has to pass'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand test" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l from -d 'Do this stage of the last run and all after it again' -r -f -a "lock\t''
build\t''
test\t''
scan\t''
gate\t''
approve\t''
distribute\t''
register\t''
notify\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l as -d 'Who starts it: an address; else `GOLDSMITH_ACTOR`, else the user\'s name' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l new -d 'Begin a new run, whatever became of the last one'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l cancel -d 'Stop the last run for good: what is half made is taken back'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l update -d 'Bring the lock up to date first'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l offline -d 'Use nothing but what the store has'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand run" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -l reason -d 'Why' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -l as -d 'Who decides: an address; else `GOLDSMITH_ACTOR`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -l key -d 'Sign with this private key (Ed25519, PEM) instead of the project\'s' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand approve" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -l reason -d 'Why' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -l as -d 'Who decides: an address; else `GOLDSMITH_ACTOR`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -l key -d 'Sign with this private key (Ed25519, PEM) instead of the project\'s' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand reject" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -l reason -d 'Why' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -l as -d 'Who answers: an address; else `GOLDSMITH_ACTOR`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -l go-on -d 'The run goes on'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -l stop -d 'The step fails'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand answer" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -l evidence -d 'Take the statements from these DSSE envelopes instead' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand verify" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l as -d 'Who wants it: an address; else `GOLDSMITH_ACTOR`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l quarantine -d 'Put what went bad into quarantine: it is not handed out until somebody decides'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l rebuild -d 'Start a run of the pipeline, the lock brought up to date first, when there is something that nobody was told of yet'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l offline -d 'Use nothing but what the store has, in that run'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand assess" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l target -d 'The target whose regions are looked at, such as `aws/eu`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l max-age -d 'The most that an image may have been made ago, such as `90d`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l channel -d 'The channel whose images should run' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l allow -d 'An image of others that may run; may be given several times' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l role -d 'Look in the account of this role (its ARN), too; may be given several times' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l generate -d 'Write what has AWS refuse other images: settings of EC2, a rule of AWS Config, a policy' -r -f -a "allowed-amis\t''
config-rule\t''
scp\t''
iam\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l as -d 'How it is written' -r -f -a "json\t''
terraform\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l region -d 'The region it is for' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l owner -d 'The account that owns the images; else it is asked for' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l tag -d 'A tag that only approved images have, for the rule of AWS Config' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l public-access -d 'Refuse, too, where images or snapshots may be made public: block public access is off'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l apply -d 'Set it in AWS, where it has an interface for that: in the account of each `--role`, without one in that of the images; what is different is shown first'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l dry-run -d 'Show what `--apply` would change'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l enforce -d 'Have the allowed images of `--apply` count, instead of being watched only'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -f -a "list" -d 'List the pipelines that have a schedule: when they start next, and whether they are switched off'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -f -a "next" -d 'Show the next starts of a pipeline'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and not __fish_seen_subcommand_from list next help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -l count -d 'How many' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from next" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the pipelines that have a schedule: when they start next, and whether they are switched off'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from help" -f -a "next" -d 'Show the next starts of a pipeline'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand schedule; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -f -a "plan" -d 'Show of every image what keeps it, or what is done about it, and the digest of the plan'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -f -a "apply" -d 'Take the steps of the plan with this digest; what holds an image is looked at again'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -f -a "restore" -d 'Bring a deprecated or disabled image back, at every target and for every channel'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and not __fish_seen_subcommand_from plan apply restore help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from plan" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -l plan -d 'Digest of the plan, as `lifecycle plan` shows it' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -l as -d 'Who wants it: an address; else `GOLDSMITH_ACTOR`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from apply" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -l pipeline -d 'The pipeline; the only one of the project when not given' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -l as -d 'Who wants it: an address; else `GOLDSMITH_ACTOR`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from restore" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from help" -f -a "plan" -d 'Show of every image what keeps it, or what is done about it, and the digest of the plan'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from help" -f -a "apply" -d 'Take the steps of the plan with this digest; what holds an image is looked at again'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Bring a deprecated or disabled image back, at every target and for every channel'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand lifecycle; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -l scheduler -d 'Start pipelines by their schedules'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -l once -d 'Look once, start what is due, and end'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -l offline -d 'Use nothing but what the store has'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand serve" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l state -d 'Only images in this state; may be given several times' -r -f -a "built\t'its disk is made; nothing was shown of it yet'
testing\t'it is being tested, scanned and judged'
rejected\t'it was refused: by a test, a gate or a person'
approved\t'it may be used: the gate, and everyone who had to, said yes'
distributing\t'it is on its way to its targets'
available\t'it is where it was to go'
quarantined\t'it went bad after it was approved: not handed out until somebody decides'
revoked\t'it must not be used any more'
deprecated\t'it still works, and something newer should be used'
disabled\t'it cannot be used, and can be brought back'
deleted\t'its bytes are gone; what is known of it is kept'"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l channel -d 'Only what this channel names' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l tag -d 'Only images with this tag; may be given several times' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l parent -d 'Only what started from this image' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l since -d 'Only what was made since then: a date, a time, or how long ago it is, such as `720h`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l limit -d 'At most this many' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l after -d 'The page after this image, the last one of the page before' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand images" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand show" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand show" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand show" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand show" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand show" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -l channel -d 'The channel' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand history" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -l remove -d 'A tag to take off; may be given several times' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand tag" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -l channel -d 'The channel' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -l reason -d 'Why, for the audit log' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand promote" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -l channel -d 'The channel' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -l reason -d 'Why, for the audit log' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rollback" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -l target -d 'The target: its kind and name, and what is below it, such as `local/lab`, `aws/eu/eu-north-1`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -l format -d 'The form of the copy, where a target has several' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand resolve" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -l limit -d 'At most this many' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -l open -d 'Only runs that have not ended'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand runs" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l sbom -d 'Write a bill of materials in this form as well (1.6 and 2.3, as JSON)' -r -f -a "cyclonedx\t''
spdx\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -s o -l output -d 'Where to write it: a file; standard output when not given' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l pipeline -d 'Judge by the `scan` block of this pipeline of the project' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l fail-on -d 'Judge by severity: this and worse stops the image' -r -f -a "negligible\t''
low\t''
medium\t''
high\t''
critical\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l vex -d 'Take what this OpenVEX document says does not matter for that' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l accept -d 'Accept a finding, as an `accept` block does: `ID [in PACKAGE|PATH] [until DATE]: REASON`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l accept-file -d 'Accept what the lines of this file say in the same form; those that begin with `#` say nothing' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l report -d 'Write a report as well: `html=FILE`, `sarif=FILE`, `junit=FILE`, `json=FILE`, or `openvex=FILE` of what is accepted' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l compare -d 'Say where the result of another scanner differs, and why: JSON of trivy, grype, osv-scanner or Amazon Inspector, XCCDF or ARF of OpenSCAP' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l with -d 'Hear another scanner as well, and say where it differs and why: one that is installed here, or Amazon Inspector, which is asked what it found on a machine' -r -f -a "openscap\t''
inspector\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l resource -d 'The machine that Inspector looked at: `i-0123456789abcdef0`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l scap-content -d 'The rules for OpenSCAP, a source data stream; those installed for the distribution when not given' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l scap-profile -d 'The profile of these rules' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l profile -d 'Hold the image to a hardening profile as well; the policy may name one too' -r -f -a "cis-1\t''
cis-2\t''
stig-low\t''
stig-medium\t''
stig-high\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l sbom-files -d 'List the files of each package of the system in it'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l all -d 'Show all of long lists, every package, and findings that are only told'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l only-fixable -d 'Only vulnerabilities that something mends stop the image'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l again -d 'Hold the packages that the last scan of this image found, or its build listed, against the feeds of today, without opening the disk'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand scan" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -l html -d 'Write the differences as one page as well' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -l blocks -d 'How many blocks of 512 KiB differ instead, and what has its bytes there'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -l all -d 'Show all of long lists, and files of packages that changed'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand diff" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -l format -d 'Form of the disk; by the name of the file when not given, else `raw`. Several with commas' -r -f -a "raw\t'the disk byte by byte, holes kept: AWS snapshots, QEMU, dd'
raw.zst\t'the disk compressed by Zstandard, with a seek table: archives, `zstd -d`'
qcow2\t'QEMU 5.1 and newer, KVM, OpenStack, Proxmox; clusters compressed by Zstandard'
qcow2-zlib\t'the same for QEMU before 5.1; clusters compressed by deflate'
vmdk\t'stream-optimized VMDK: VMware, VirtualBox, AWS import; 64 KiB grains by zlib'
ova\t'a whole machine for VMware: OVF, SHA-256 manifest, VMDK (pvscsi, vmxnet3, UEFI)'
vhd\t'fixed VHD of whole MiB: Azure'
vhd-dynamic\t'dynamic VHD, only what is allocated: Hyper-V, Xen, VirtualBox'
vhdx\t'dynamic VHDX, only what is allocated: Hyper-V'
gce\t'sparse disk.raw of whole GiB in a tar.gz: Google Compute Engine'"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -s o -l output -d 'Where to write it: a file, a folder, or `-` for standard output; `<name>-<version>-<build>` with the form\'s ending in the current folder when not given' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -l force -d 'Write over a file that exists'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand export" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -f -a "list" -d 'List them'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -f -a "show" -d 'Show the document and the parameters of one'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -f -a "validate" -d 'Check component documents, without running anything'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -f -a "run" -d 'Run component documents, on this machine, in a throw-away tree, or on another machine'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and not __fish_seen_subcommand_from list show validate run help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from list" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from list" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from show" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from show" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -l platform -d 'Operating system that the documents are to run on' -r -f -a "linux\t''
windows\t''
darwin\t''"
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -l deny -d 'Take warnings of this code or name as errors; `warnings` is all of them' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -l strict -d 'Take what Image Builder itself refuses, or may refuse, as an error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -l no-shellcheck -d 'Do not give scripts to shellcheck, also where it is installed'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from validate" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l in -d 'Run in a throw-away tree instead: `debian:SUITE`, or `image:NAME[@VERSION]` as the last step of its build left it' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l package -d 'A package that the tree of a suite has besides the smallest set; may be repeated' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l on -d 'Run on another machine instead, over SSH: `user@host`, `ssh://user@host:port`, or an alias of ~/.ssh/config. Reboots it where a document asks for that, and leaves nothing of Goldsmith' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l identity -d 'Private key to log in with, besides those of ~/.ssh/config and the agent' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l ssh-option -d 'An option as `ssh -o` takes it; may be repeated' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l phases -d 'The phases to run, with commas; all when not given. They run in the documents\' order' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l parameters -d 'Values of parameters, `name=value,name=value`; may be repeated. A comma before what is no `name=` belongs to the value' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l config -d 'Documents, parameters for each and phases from a file, in the form of `awstoe run --config`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l awstoe-logs -d 'Write the folder of logs that AWSTOE writes (`TOE_...`), here or in DIR' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l state-directory -d 'Where a run on this machine waits for a reboot; else in the home' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l network -d 'Let the tree use the network of this machine, which a build does not, and its apt the mirror'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l offline -d 'Make the tree of nothing but what the store has, and let no document fetch anything'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l yes -d 'Run on this machine without being asked'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l dry-run -d 'Show every step, with all that is known before it runs, and run nothing'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l awstoe-compat -d 'Take a parameter without a value as the empty text, as AWSTOE does, instead of refusing'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from help" -f -a "list" -d 'List them'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from help" -f -a "show" -d 'Show the document and the parameters of one'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from help" -f -a "validate" -d 'Check component documents, without running anything'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from help" -f -a "run" -d 'Run component documents, on this machine, in a throw-away tree, or on another machine'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand component; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -f -a "image-builder" -d 'Resources of EC2 Image Builder'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and not __fish_seen_subcommand_from image-builder help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -s o -l output -d 'Folder of the project; made when it does not exist' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -l force -d 'Replace files that are there'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from image-builder" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "image-builder" -d 'Resources of EC2 Image Builder'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand import; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -f -a "update" -d 'Fetch feeds from their publishers'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -f -a "import" -d 'Read feeds from files and folders'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -f -a "status" -d 'List the feeds on this machine with their age'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and not __fish_seen_subcommand_from update import status help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from update" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from update" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from update" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from update" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from update" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from update" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from import" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from import" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from import" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from status" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from status" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from help" -f -a "update" -d 'Fetch feeds from their publishers'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from help" -f -a "import" -d 'Read feeds from files and folders'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from help" -f -a "status" -d 'List the feeds on this machine with their age'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand feed; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand awstoe" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand awstoe" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand awstoe" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand awstoe" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand awstoe" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -f -a "check" -d 'Look at all of the catalog: the file, the audit log, and the rest against the audit log'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -f -a "backup" -d 'Write the catalog, as it is at one moment, into a file that is not there yet'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -f -a "restore" -d 'Put a backup in the place of the catalog'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and not __fish_seen_subcommand_from check backup restore help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -l head -d 'A line of the audit log that must still be there as it was noted' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from backup" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from backup" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from backup" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -l force -d 'Replace the catalog that is there'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from restore" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from help" -f -a "check" -d 'Look at all of the catalog: the file, the audit log, and the rest against the audit log'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from help" -f -a "backup" -d 'Write the catalog, as it is at one moment, into a file that is not there yet'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from help" -f -a "restore" -d 'Put a backup in the place of the catalog'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand catalog; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -l limit -d 'At most this many lines, the last ones' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -l head -d 'A line that must still be there as it was noted' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand audit-log" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -l store -d 'Look at everything in the store instead: blobs by digest, packages and layers file by file'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -l repair -d 'Remove what is damaged: what is needed of it is fetched or made again by the next build'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l unused-for -d 'Remove what was not used for this long, such as `720h`; `0s`: whatever nothing needs' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l size -d 'Remove what was unused longest until the store is this small, such as `20GiB`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l target -d 'Remove what broken runs have left at this target instead, such as `aws/eu`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l infrastructure -d 'Remove what broken builds have left on this infrastructure instead, by the label of its block: instances, groups, keys, images' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l dry-run -d 'Show what would go and remove nothing'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l wait -d 'Wait until the disk has all of the space back'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand gc" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l place -d 'The home to build in, empty' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l moment -d 'What the recipe takes for the present, in seconds since 1970' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l clock-shift -d 'By how much the builder\'s clock is ahead, in seconds' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l var -d 'Set a variable; also written `-var NAME=VALUE`' -r
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l var-file -d 'Read variables from a file of `name = value` lines or JSON; also written `-var-file FILE`' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l offline -d 'Use nothing but what the store has'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand rebuild" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand bury" -s C -l directory -d 'Work on the project in this folder instead of the current one' -r -F
complete -c goldsmith -n "__fish_goldsmith_using_subcommand bury" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand bury" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand bury" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand bury" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand bury" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand generate-reference" -l json -d 'Print the result as JSON on standard output and progress as JSON lines on standard error'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand generate-reference" -s q -l quiet -d 'Say nothing but results, warnings and failures'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand generate-reference" -s v -l verbose -d 'Say more: also what the packages\' own scripts print'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand generate-reference" -s h -l help -d 'Print help'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand generate-reference" -s V -l version -d 'Print version'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "init" -d 'Make a new project that builds: a web server image'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "validate" -d 'Check the configuration and its component documents, without network or changes'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "fmt" -d 'Bring configuration files into the canonical layout'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "lock" -d 'Pin every package, document and input of the recipes in `goldsmith.lock`'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "plan" -d 'Show what a build would do, and why'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "build" -d 'Build the image of a recipe: lock, fetch, bootstrap, components, sanitize, disk, verify'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "test" -d 'Boot the newest image of a recipe and check it from inside'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "run" -d 'Take an image through a pipeline: lock, build, test, scan, gate, approve, distribute, register'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "approve" -d 'Approve an image: a signed decision that the pipeline\'s `approval` counts'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "reject" -d 'Reject an image: a signed decision that stops its run'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "answer" -d 'Say how a `step "wait"` goes on, which a run waits for'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "verify" -d 'Check what is stated of an image: who signed it, and that it is about this very disk'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "assess" -d 'Hold the images of a pipeline that are in use against the feeds of today'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "audit" -d 'Show what runs on images that are not approved, and how to mend it'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "schedule" -d 'Show when pipelines start by themselves'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "lifecycle" -d 'Show which images a lifecycle policy keeps and which go, and take its steps'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "serve" -d 'Start pipelines by their schedules, look at what runs by their audits, and deliver messages, until somebody stops it'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "images" -d 'List images, newest first'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "show" -d 'Show what is known about an image: digests, inputs, times, tests, how it stands, where it is'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "history" -d 'Show what became of an image, or, with `--channel`, what a channel has named'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "tag" -d 'Write tags on an image, or take them off'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "promote" -d 'Have a channel name an image'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "rollback" -d 'Have a channel name what it named before'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "resolve" -d 'Print where an image is at a target: a path, a URL, an id such as `ami-0abc`'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "runs" -d 'List the runs of pipelines, newest first, or show one of them'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "scan" -d 'Show what is in an image, and what is wrong with it, without starting or mounting it'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "diff" -d 'Show what is different between two images: packages, files, configuration, size, findings, boot time'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "export" -d 'Write the disk of an image in the form that a cloud or a hypervisor takes'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "component" -d 'Look at the components that ship with Goldsmith, check and run documents'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "import" -d 'Turn another tool\'s description of images into a project'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "feed" -d 'Keep what is known of vulnerabilities at hand'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "awstoe" -d 'Take AWSTOE\'s place: `awstoe run` and `awstoe validate` with all their options'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "catalog" -d 'Look after the catalog of images and runs'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "audit-log" -d 'Show the audit log, oldest first, after looking at all of it'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "doctor" -d 'Say what this host can do, and what is missing for the rest'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "gc" -d 'Remove what the store no longer needs'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "rebuild" -d 'Build an image again and say what is different'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "bury" -d 'Remove what collections threw away'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "generate-reference" -d 'Write the generated reference: pages, man pages, completions, JSON Schema'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and not __fish_seen_subcommand_from init validate fmt lock plan build test run approve reject answer verify assess audit schedule lifecycle serve images show history tag promote rollback resolve runs scan diff export component import feed awstoe catalog audit-log doctor gc rebuild bury generate-reference help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from schedule" -f -a "list" -d 'List the pipelines that have a schedule: when they start next, and whether they are switched off'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from schedule" -f -a "next" -d 'Show the next starts of a pipeline'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from lifecycle" -f -a "plan" -d 'Show of every image what keeps it, or what is done about it, and the digest of the plan'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from lifecycle" -f -a "apply" -d 'Take the steps of the plan with this digest; what holds an image is looked at again'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from lifecycle" -f -a "restore" -d 'Bring a deprecated or disabled image back, at every target and for every channel'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from component" -f -a "list" -d 'List them'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from component" -f -a "show" -d 'Show the document and the parameters of one'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from component" -f -a "validate" -d 'Check component documents, without running anything'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from component" -f -a "run" -d 'Run component documents, on this machine, in a throw-away tree, or on another machine'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from import" -f -a "image-builder" -d 'Resources of EC2 Image Builder'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from feed" -f -a "update" -d 'Fetch feeds from their publishers'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from feed" -f -a "import" -d 'Read feeds from files and folders'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from feed" -f -a "status" -d 'List the feeds on this machine with their age'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from catalog" -f -a "check" -d 'Look at all of the catalog: the file, the audit log, and the rest against the audit log'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from catalog" -f -a "backup" -d 'Write the catalog, as it is at one moment, into a file that is not there yet'
complete -c goldsmith -n "__fish_goldsmith_using_subcommand help; and __fish_seen_subcommand_from catalog" -f -a "restore" -d 'Put a backup in the place of the catalog'
