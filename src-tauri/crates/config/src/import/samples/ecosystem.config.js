// Started with: pm2 start ecosystem.config.js
'use strict';

/* Two programs of the same shop. */
module.exports = {
  apps: [
    {
      name: 'bot',
      script: 'index.mjs',
      cwd: '/srv/bot', // where it lives
      env: { TOKEN_FILE: "/run/secrets/bot", RETRIES: 0x10, QUIET: true },
      restart_delay: 4000,
      max_restarts: 10,
      time: true,
    },
    { name: 'tunnel', script: 'ssh -N -L 5432:localhost:5432 db.example.com', autorestart: true, args: '-v' },
    { name: 'here', script: './bin/www', cwd: __dirname, port: 3000, env_file: '.env', autostart: false, treekill: false },
    { cmd: 'worker.py', interpreter_args: '-X dev', node_args: [], stop_exit_codes: 0, cron_restart: '*/5 * * * * *' },
    { name: 'old', script: 'old.js', interpreter: 'node@18', exec_mode: 'fork', instances: 1, watch: false },
    { name: 'uv', script: 'gunicorn', interpreter: 'python3', args: ['app:app'], filter_env: ['X'] },
  ],
};
