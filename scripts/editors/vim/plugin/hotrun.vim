" Each save is told to the hotrun that is at work. What its build complains of becomes the quickfix
" list, which is empty again when the code is live.
if exists('g:loaded_hotrun') || &compatible || !has('job')
  finish
endif
let g:loaded_hotrun = 1
let g:hotrun_command = get(g:, 'hotrun_command', ['hotrun'])

let s:list = 0       " the id of our quickfix list
let s:asked = 0      " how many requests were made
let s:shown = 0      " the last of them whose answer was shown
let s:waiting = 0
let s:status = ''

" For the status line: '' where no hotrun is at work.
function! HotrunStatus() abort
  return s:waiting > 0 ? 'hotrun: ...' : s:status
endfunction

function! s:items(diagnostics) abort
  let items = []
  for each in a:diagnostics
    call add(items, {'filename': each.path, 'lnum': each.line, 'col': each.column,
          \ 'type': toupper(each.severity[0]), 'text': each.message})
    call extend(items, s:items(each.children))
  endfor
  return items
endfunction

" Another list that the user looks at stays as it is.
function! s:fill(items) abort
  let what = {'title': 'hotrun', 'items': a:items}
  let ours = s:list != 0 && getqflist({'id': s:list}).id == s:list
  if ours && (empty(a:items) || getqflist({'id': 0}).id == s:list)
    call setqflist([], 'r', extend(what, {'id': s:list}))
  elseif !empty(a:items)
    call setqflist([], ' ', what)
    let s:list = getqflist({'id': 0}).id
  endif
endfunction

function! s:show(outcome) abort
  " A file that the target is not made of has no say in what is wrong with it.
  if a:outcome.status ==# 'nothing' && !empty(a:outcome.detail)
    return
  endif
  call s:fill(s:items(a:outcome.diagnostics))
  let s:status = 'hotrun: ' . (a:outcome.status ==# 'nothing' ? 'live' :
        \ tr(a:outcome.status, '_', ' '))
  if a:outcome.status ==# 'rejected' || a:outcome.status ==# 'rolled_back'
    call s:say(s:status . ': ' . a:outcome.detail)
  endif
  if exists('#User#HotrunAnswered')
    doautocmd <nomodeline> User HotrunAnswered
  endif
endfunction

function! s:say(text) abort
  echohl WarningMsg
  echomsg trim(a:text)
  echohl None
endfunction

" Once the job has ended and all that it wrote is read, in whichever order.
function! s:end(request) abort
  let a:request.open -= 1
  if a:request.open > 0
    return
  endif
  let s:waiting -= 1
  if a:request.out !=# ''
    if a:request.number > s:shown
      let s:shown = a:request.number
      call s:show(json_decode(a:request.out))
    endif
  else
    let s:status = ''
    " That no hotrun is at work is no news to who saves a file.
    if a:request.loud || a:request.exit_status == 2
      call s:say(a:request.err)
    endif
  endif
  redrawstatus!
endfunction

function! s:on_exit(request, status) abort
  let a:request.exit_status = a:status
  call s:end(a:request)
endfunction

function! s:take(request, stream, text) abort
  let a:request[a:stream] .= a:text
endfunction

function! s:notify(path, loud) abort
  if !executable(g:hotrun_command[0])
    if a:loud
      call s:say('hotrun: there is no program ' . g:hotrun_command[0] . '; set g:hotrun_command')
    endif
    return
  endif
  let s:asked += 1
  let s:waiting += 1
  let request = {'number': s:asked, 'loud': a:loud, 'open': 2, 'out': '', 'err': '',
        \ 'exit_status': 0}
  call job_start(g:hotrun_command + ['notify', '--json', '--', a:path], {
        \ 'in_io': 'null', 'out_mode': 'raw', 'err_mode': 'raw',
        \ 'out_cb': {channel, text -> s:take(request, 'out', text)},
        \ 'err_cb': {channel, text -> s:take(request, 'err', text)},
        \ 'close_cb': {channel -> s:end(request)},
        \ 'exit_cb': {job, status -> s:on_exit(request, status)}})
  redrawstatus!
endfunction

command! -bar HotrunNotify call s:notify(expand('%:p'), 1)

augroup hotrun
  autocmd!
  autocmd BufWritePost * if filereadable(expand('<afile>:p'))
        \ | call s:notify(expand('<afile>:p'), 0) | endif
augroup END
