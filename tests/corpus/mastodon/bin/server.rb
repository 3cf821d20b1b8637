require 'fast_blank'
require 'etc'
File.write('tmp/pid', Process.pid)
puts [" ".blank?, Etc.getpwuid.name, ENV['VERSION_METADATA'], ENV['TZ'], File.read('public/packs/style.css').strip, Dir.pwd].join(' ')
