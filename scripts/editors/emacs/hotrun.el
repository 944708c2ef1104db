;;; hotrun.el --- Hot reload of C and C++ at each save  -*- lexical-binding: t; -*-

;; Package-Requires: ((emacs "28.1"))
;; SPDX-License-Identifier: MIT

;;; Commentary:

;; `hotrun-mode' tells the hotrun that is at work of each save, and gives what its build complains
;; of to Flymake, next to eglot or any other backend.  `hotrun-build' has it build, in a compilation
;; buffer.

;;; Code:

(require 'compile)
(require 'flymake)
(require 'json)
(require 'subr-x)
(require 'thingatpt)

(defgroup hotrun nil "Hot reload of C and C++ at each save." :group 'tools)

(defcustom hotrun-command '("hotrun")
  "The program hotrun, and arguments that each call of it begins with."
  :type '(repeat string))

(defvar hotrun--diagnostics nil "What the last build complained of, as alists.")
(defvar hotrun--asked 0 "How many requests were made.")
(defvar hotrun--shown 0 "The last of them whose answer was shown.")
(defvar hotrun--status "" "What has become of the last change.")
(defvar-local hotrun--fresh nil "Whether Flymake has yet to see what the last build said.")

(defun hotrun--position (line column)
  "The position in this buffer of LINE and COLUMN, which counts bytes."
  (goto-char (point-min))
  (forward-line (1- (max line 1)))
  (let ((place (byte-to-position (+ (position-bytes (point)) (max 0 (1- column))))))
    (min (or place (point)) (line-end-position))))

(defun hotrun--flymake-diagnostic (diagnostic)
  "DIAGNOSTIC of this buffer's file as one of Flymake's."
  (let-alist diagnostic
    (save-excursion
      (let* ((begin (goto-char (hotrun--position .line .column)))
             (end (or (cdr (bounds-of-thing-at-point 'symbol)) begin)))
        (flymake-make-diagnostic
         (current-buffer) begin (max end (min (1+ begin) (point-max)))
         (pcase .severity ("error" :error) ("warning" :warning) (_ :note))
         .message)))))

(defun hotrun-flymake (report-fn &rest _)
  "A backend of Flymake, which reports to REPORT-FN.
Between two builds there is no news: the marks move along with the text."
  (if (not hotrun--fresh)
      (funcall report-fn nil :region '(0 . 0)) ; no mark is there
    (setq hotrun--fresh nil)
    (let ((file (file-truename buffer-file-name)))
      (funcall report-fn
               (save-restriction
                 (widen)
                 (mapcar #'hotrun--flymake-diagnostic
                         (seq-filter (lambda (each) (equal (alist-get 'path each) file))
                                     hotrun--diagnostics)))))))

(defun hotrun--show (outcome)
  "Show the OUTCOME of a request."
  (let-alist outcome
    ;; A file that the target is not made of has no say in what is wrong with it.
    (unless (and (equal .status "nothing") (not (string-empty-p .detail)))
      (setq hotrun--status (if (equal .status "nothing") "live" (string-replace "_" " " .status))
            hotrun--diagnostics .diagnostics)
      (unless (member .status '("live" "nothing"))
        (message "hotrun: %s%s" hotrun--status
                 (if (string-empty-p .detail) "" (concat ": " .detail))))
      (dolist (buffer (buffer-list))
        (with-current-buffer buffer
          (when (bound-and-true-p hotrun-mode)
            (setq hotrun--fresh t)
            (when flymake-mode
              (flymake-start))))))))

(defun hotrun--end (number process)
  "Show what PROCESS has answered to request NUMBER."
  (when (memq (process-status process) '(exit signal))
    (with-current-buffer (process-buffer process)
      (goto-char (point-min))
      (cond ((not (looking-at-p "{")) ; that no hotrun is at work is no news to who saves a file
             (setq hotrun--status "")
             (when (= (process-exit-status process) 2)
               (message "%s" (string-trim (buffer-string)))))
            ((> number hotrun--shown)
             (setq hotrun--shown number)
             (hotrun--show (json-parse-buffer :object-type 'alist :array-type 'list))))
      (kill-buffer))
    (force-mode-line-update t)))

(defun hotrun-notify ()
  "Tell the hotrun that is at work that this buffer's file was saved."
  (interactive)
  (when (and buffer-file-name
             (not (file-remote-p buffer-file-name))
             (executable-find (car hotrun-command)))
    (let ((number (setq hotrun--asked (1+ hotrun--asked))))
      (make-process
       :name "hotrun"
       :buffer (generate-new-buffer " *hotrun*")
       :command (append hotrun-command (list "notify" "--json" "--" buffer-file-name))
       :connection-type 'pipe
       :coding 'utf-8
       :noquery t
       :sentinel (lambda (process _) (hotrun--end number process))))))

(defun hotrun-build ()
  "Have the hotrun that is at work build, and show what comes of it."
  (interactive)
  (save-some-buffers)
  (compile (string-join (mapcar #'shell-quote-argument (append hotrun-command '("build"))) " ")))

(defun hotrun--add-backend ()
  "Give Flymake our diagnostics; eglot takes the other backends of a buffer away.
What `flymake-cc' compiles for its own, the build has compiled."
  (remove-hook 'flymake-diagnostic-functions #'flymake-cc t)
  (add-hook 'flymake-diagnostic-functions #'hotrun-flymake nil t))

;;;###autoload
(define-minor-mode hotrun-mode
  "Tell the hotrun that is at work of each save of this buffer."
  :lighter (:eval (concat " hotrun" (unless (string-empty-p hotrun--status)
                                      (concat ":" hotrun--status))))
  (cond (hotrun-mode
         (add-hook 'after-save-hook #'hotrun-notify nil t)
         (add-hook 'eglot-managed-mode-hook #'hotrun--add-backend nil t)
         (hotrun--add-backend)
         (flymake-mode 1))
        (t
         (remove-hook 'after-save-hook #'hotrun-notify t)
         (remove-hook 'eglot-managed-mode-hook #'hotrun--add-backend t)
         (remove-hook 'flymake-diagnostic-functions #'hotrun-flymake t)
         (when flymake-mode
           (flymake-start)))))

(provide 'hotrun)
;;; hotrun.el ends here
